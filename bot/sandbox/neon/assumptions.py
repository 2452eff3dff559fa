"""What was assumed where Neon's behaviour is not known. The sandbox is the stricter of the possibilities, so that
what works against it works on Neon; a client must not depend on any row of this table.

`neon.md` marks such places "(?)" or "(inf)". When one is settled, its row goes.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Assumption:
    """What the sandbox does where, and why that was chosen."""

    about: str
    assumed: str
    why: str


ASSUMPTIONS: tuple[Assumption, ...] = (
    Assumption(
        "an instant in the future, for a branch, restore or snapshot",
        "400, `timestamp is in the future`",
        "the text is not published; the storage would take it for the head, Neon's own client refuses it",
    ),
    Assumption(
        "an instant before the branch was made or last restored",
        "400 with the text of the history window",
        "the storage calls both cases `past`, and the control plane is known to turn that into this text",
    ),
    Assumption(
        "an LSN outside the branch's own history",
        "400 with a text of ours",
        "no text is published",
    ),
    Assumption(
        "restoring a protected branch",
        "422 with a text of ours",
        "protected branches are documented not to be reset, which is the same call",
    ),
    Assumption(
        "restoring a branch to itself without preserve_under_name when it has no children",
        "422 with a text of ours",
        "the field is documented as required; only the text for branches with children has been seen",
    ),
    Assumption(
        "restoring a branch that has a parent",
        "allowed",
        "documents since 2026 say roots only, but Neon's own tests and a drill of July 2026 did it",
    ),
    Assumption(
        "deleting the default branch, a root or a protected branch; a snapshot of a branch with a parent",
        "422 with a text of ours",
        "the refusals are documented, their texts are not",
    ),
    Assumption(
        "deleting the branch that keeps a root's state after it was restored from another branch",
        "422",
        "the documents say it cannot be deleted",
    ),
    Assumption(
        "when a restored root becomes a root again",
        "an operation `detach_parent_branch`, not in the answer, 1 s after the others ended (`detach_seconds`)",
        "the storage detaches timelines so, and clients were seen to retry deleting the kept branch until then",
    ),
    Assumption(
        "children of a kept branch once the restored root detaches",
        "they stay with the kept branch",
        "the storage may hand older children back to the restored one; the API's documents only say they move",
    ),
    Assumption(
        "created_at of the branch that keeps the state before a restore",
        "the time of the restore",
        "it is a new branch with a new id",
    ),
    Assumption(
        "whether a root that is to detach counts as a root meanwhile",
        "it does",
        "otherwise the limit on root branches could be passed by one",
    ),
    Assumption(
        "the operation that a snapshot's making is listed as, and that of its deletion",
        "create_branch, delete_timeline",
        "not documented; a client waits for whatever comes",
    ),
    Assumption(
        "code of the snapshot limit",
        "422, SNAPSHOTS_LIMIT_EXCEEDED",
        "formed like the published codes of the other limits",
    ),
    Assumption(
        "restore_status, restored_from and restored_as",
        "there from the first answer on; `finalized` once the operations have ended, and never `detaching`",
        "documented as fields, not when they appear; detaching is called a mere optimisation",
    ),
    Assumption(
        "computes of a branch restored from a snapshot",
        "none of its own; one added to look into it goes when the target's computes move in",
        "an answer may hold endpoints or not, and a branch has one read_write compute",
    ),
    Assumption(
        "operations of finalize_restore",
        "suspend_compute for each running compute of both branches, else apply_config",
        "not documented; restoring with finalize_restore was seen to list timeline_unarchive, create_branch, "
        "suspend_compute",
    ),
    Assumption(
        "both branches while a restore is being finalized",
        "`resetting`: the old data until the computes are suspended, then refused",
        "computes are documented to restart; the same as for an instant restore",
    ),
    Assumption(
        "the name in a snapshot restore that is finalized at once; `<name> (old)` when it is taken",
        "the new branch takes the target's name in the end; `<name> (old 2)` and so on",
        "documented as `a default name is generated`; a client must find the branch by its id",
    ),
    Assumption(
        "children and expiry of a branch that was replaced from a snapshot",
        "they stay with it",
        "children depend on its history; only computes, flags and the schedule are documented to move",
    ),
    Assumption(
        "roles of a branch restored from a snapshot",
        "those in the data; passwords as the target has them, else as when the snapshot was taken",
        "the connection string is documented to stay the same",
    ),
    Assumption(
        "a restore onto or from a branch made from a snapshot, and for how long it is refused",
        "422, for as long as the branch is there",
        "the text is known, the status is not; resetting its children is documented to take up to 24 hours",
    ),
    Assumption(
        "deleting a branch made from a snapshot, or one that was replaced by such a branch",
        "allowed, though it is a root, unless it is default, protected or a parent",
        "that is how a restore is rejected, and how old states are cleaned up",
    ),
    Assumption(
        "finalizing a branch that has no restore to be finalized; restoring a snapshot that is yet to be filled",
        "422 with a text of ours",
        "no text is published",
    ),
    Assumption(
        "a backup schedule on the free plan, on a branch with a parent, or that does not say when",
        "422, 422, 400",
        "the refusals are documented; of the texts only that of a daily schedule without an hour",
    ),
    Assumption(
        "retention_seconds left out of a backup schedule",
        "given back as left out; its snapshots are kept for 35 days",
        "documented as default and maximum, not whether it is filled in",
    ),
    Assumption(
        "a monthly schedule on a day that a month does not have; times of a schedule that were missed",
        "the month's last day; one snapshot for all of them",
        "not documented",
    ),
    Assumption(
        "names of scheduled snapshots; their diff_size",
        "their ids; the WAL written since the one before",
        "not documented",
    ),
    Assumption(
        "a schedule after a change to the free plan",
        "kept, but no snapshots are taken",
        "not documented; the plan has none",
    ),
    Assumption(
        "history and LSNs of a schema-only branch",
        "they start once it is empty; nothing before can be reached",
        "it is documented as a root without a parent; how it is made is not",
    ),
    Assumption(
        "archived branches",
        "only those made so, 400 with a compute or protected; a compute's start brings them back, no other operation",
        "Neon archives idle branches of the free plan after days; that is not played here",
    ),
    Assumption(
        "bad values of expires_at",
        "400 for a time out of bounds, 422 for a branch that may not expire",
        "the rules are published, the statuses are not",
    ),
    Assumption(
        "creating or restoring from a branch that expires",
        "422",
        "children of expiring branches are documented as impossible",
    ),
    Assumption(
        "fields of a request body that the OpenAPI document does not name",
        "400",
        "Neon may ignore them; a typo must not pass for a choice",
    ),
    Assumption(
        "a branch whose create_branch operation failed; a restore whose first operation failed",
        "the branch is gone; the restored branch is as before and the kept one is gone",
        "nothing is published; the data never existed",
    ),
    Assumption(
        "a restore whose computes cannot be started",
        "the restored data stays, the compute is idle",
        "the data was in place when the start failed",
    ),
    Assumption(
        "connecting while a restore is under way",
        "the old data until the compute is suspended, then refused with SQLSTATE 57P03 until all has ended",
        "documented as `fails or reaches the old data`",
    ),
    Assumption(
        "roles made in SQL",
        "listed, and good for connecting with their own password, which cannot be revealed",
        "Neon keeps no password it was not told",
    ),
    Assumption(
        "a role's password after a restore",
        "the branch's own, also if it was set after the instant restored to",
        "documented to stay the same; it is the control plane's, not the data's",
    ),
    Assumption(
        "read_only computes",
        "the branch's own server in read-only transactions, never behind",
        "on Neon they follow the primary with some lag; no client here depends on that",
    ),
    Assumption(
        "wal_level",
        "logical in every project",
        "on Neon it is chosen per project; logical lets replication slots be made, which branches do not carry",
    ),
    Assumption(
        "reading or comparing a schema while an operation is under way",
        "423, and 503 if the data goes away under the reading",
        "it is thought to start a compute; a client must be ready to wait for one",
    ),
    Assumption(
        "compare_schema of a root without base_branch_id",
        "400 with a text of ours",
        "the base is documented to be the parent, and there is none",
    ),
    Assumption(
        "which side of compare_schema is which, and its answer for equal schemas",
        "from the base to the branch, headed `a/` and `b/` with the database's name; an empty text",
        "documented as a unified diff against a base; clients were seen to take empty and absent alike",
    ),
    Assumption(
        "making or dropping a role or database on a branch without a read_write compute",
        "422 with a text of ours",
        "somebody must execute it; what Neon does is not published",
    ),
    Assumption(
        "deleting a role",
        "422 if it owns a database; else what it owned goes to each database's owner",
        "no text is published; data must not vanish with a role",
    ),
    Assumption(
        "creating or deleting projects with a key of one project",
        "403 with a text of ours",
        "documented as impossible, without a status",
    ),
    Assumption(
        "deleting a project",
        "at once and for good; 423 while an operation is under way, 422 while a branch is protected",
        "Neon keeps it for 7 days; nothing here asks for it again",
    ),
    Assumption(
        "whose calls the rate limits count, and whether they are on",
        "each key's own; off until `rate_limits` is set, whatever the plan; 429 without Retry-After",
        "documented per account; the sandbox's users share one, and most tests are not about limits",
    ),
    Assumption(
        "injected 524 pages, truncated bodies and cuts after the request",
        "the work was done",
        "that is the case a client must survive; the other is the same as a 503",
    ),
)
