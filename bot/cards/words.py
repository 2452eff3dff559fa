"""The words for every error: one sentence of fact, one of what to do, and the ref that is also in the log.

An error carries a kind and facts; which words fit is decided only here. A test holds every kind to having some.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from bot.cards.blocks import MAX_NOTICE, Card, context, cut, escape, local, section, utc_words
from bot.errors import Fact, Facts, Kind
from bot.rules.clock import from_iso
from bot.rules.trouble import Trouble

Sentences = tuple[str, str]

LONGEST_FACT = 500
"""Characters: what somebody else wrote must not push out what to do about it."""

EXAMPLES = "`10:25 UTC`, `yesterday 14:30 Europe/Berlin`, `2026-11-20T10:25:00Z` or `30 minutes ago`"


def sentences(kind: Kind, facts: Facts) -> Sentences:
    """What happened and what to do, as mrkdwn."""
    shown = {name: escape(cut(str(value), LONGEST_FACT)) for name, value in facts.items()}
    words = WORDS[kind]
    return words if isinstance(words, tuple) else words(_Facts(facts, shown))


def trouble_card(trouble: Trouble) -> Card:
    fact, advice = sentences(trouble.kind, trouble.facts)
    return Card(
        cut(f"{fact} {advice}", MAX_NOTICE), (section(f"{fact}\n{advice}"), context(f"ref `{trouble.ref}`"))
    )


class _Facts:
    """Facts by attribute, escaped; a fact that is missing reads as `?`, so that no error hides behind another."""

    def __init__(self, raw: Facts, shown: Mapping[str, str]) -> None:
        self._raw = raw
        self._shown = shown

    def __getattr__(self, name: str) -> str:
        return self._shown.get(name, "?")

    def raw(self, name: str) -> Fact:
        return self._raw.get(name)

    def moment(self, name: str) -> str:
        """A stored instant in UTC and in the reader's zone."""
        try:
            at: datetime = from_iso(str(self._raw.get(name)))
        except ValueError:
            return self._shown.get(name, "?")  # as Neon wrote it
        return f"{utc_words(at)} ({local(at)} for you)"


def _before_branch(f: _Facts) -> Sentences:
    if f.raw("restored"):
        return (
            f"{f.moment('asked')} is before the last restore of this branch.",
            f"Its own history begins at {f.moment('oldest')}; the safety copy of that restore holds what was before."
            + _backup_before(f),
        )
    return (
        f"{f.moment('asked')} is before this branch was made.",
        f"The oldest moment it can go back to is {f.moment('oldest')}.{_backup_before(f)}",
    )


def _outside_window(f: _Facts) -> Sentences:
    """Neon's own refusal tells the window's length, not its oldest moment, which moves on with the clock."""
    oldest = f"The oldest moment it can go back to is {f.moment('oldest')}."
    return (
        f"{f.moment('asked')} is further back than Neon keeps history.",
        (oldest if f.raw("oldest") else f"It keeps the last {f.window}; name a moment within them.")
        + _backup_before(f),
    )


def _backup_before(f: _Facts) -> str:
    """The newest backup not younger than the wish, or that there is none; nothing where nobody looked."""
    if f.raw("backup"):
        return f" The newest backup from before the moment you asked for is `{f.backup}`, of {f.moment('backup_at')}."
    return (
        ""
        if f.raw("backup") is None
        else " No backup of this branch reaches back to the moment you asked for."
    )


def _because(f: _Facts, *names: str) -> str:
    """`: ` and the first of these facts that is there; nothing when none is."""
    return next((f": {getattr(f, name)}" for name in names if f.raw(name)), "")


NOTHING_CHANGED = "Nothing was changed."

WORDS: Mapping[Kind, Sentences | Callable[[_Facts], Sentences]] = {
    Kind.NOT_UNDERSTOOD: lambda f: (
        f"I did not understand “{f.text}”.",
        f"Write `{f.usage}`, or `{f.command} help`.",
    ),
    Kind.UNKNOWN_COMMAND: lambda f: (
        f"I do not know “{f.text}”.",
        f"Did you mean `{f.nearest}`?" if f.raw("nearest") else f"`{f.command} help` shows what there is.",
    ),
    Kind.UNKNOWN_TARGET: lambda f: (
        f"There is no target named “{f.name}”.",
        f"Did you mean `{f.nearest}`?" if f.raw("nearest") else f"The targets are: {f.known}.",
    ),
    Kind.TIME_UNREADABLE: lambda f: (
        f"I cannot tell which moment “{f.text}” is.",
        f"Write it like {EXAMPLES}.",
    ),
    Kind.TIME_INEXACT: lambda f: (
        f"“{f.text}” is not one exact moment.",
        f"A restore needs one: write it like {EXAMPLES}.",
    ),
    Kind.TIME_NEVER_WAS: lambda f: (
        f"“{f.text}” never was: clocks in {f.zone} were set forward over it.",
        f"Name a moment before or after that, or with an offset, like {EXAMPLES}.",
    ),
    Kind.ZONE_UNKNOWN: (
        "I do not know your time zone, and your words name none.",
        f"Write the zone as well, like {EXAMPLES}.",
    ),
    Kind.NOT_YET_RESTORABLE: lambda f: (
        f"`{f.point}` can be read, but I cannot restore from it yet.",
        f"Name a moment, like {EXAMPLES}; a backup or an LSN can be restored in Neon's console.",
    ),
    Kind.TIME_IN_FUTURE: lambda f: (
        f"{f.moment('asked')} has not happened yet.",
        f"It is {f.moment('now')} now; name a moment before that.",
    ),
    Kind.TIME_TOO_RECENT: lambda f: (
        f"{f.moment('asked')} is less than a second ago.",
        "Name a moment at least a second back, so that every commit before it has arrived.",
    ),
    Kind.NAME_UNUSABLE: lambda f: (
        f"“{f.name}” cannot be the name of a backup.",
        f"Use letters, digits, `-`, `_` and `.`, at most {f.longest} of them.",
    ),
    Kind.NAME_TAKEN: lambda f: (
        f"There is already a backup or branch named `{f.name}`.",
        "Choose another name, or leave it out and one is made.",
    ),
    Kind.NOT_ALLOWED: lambda f: (
        f"You may not {f.act} *{f.target}*.",
        f"Only its {f.role} may; whoever keeps Safepoint's configuration can add you.",
    ),
    Kind.UNKNOWN_PERSON: (
        "I cannot find you in this workspace's directory.",
        "Guests and people from other workspaces cannot use me; otherwise try again in a minute.",
    ),
    Kind.OWN_REQUEST: lambda f: (
        f"You asked for `{f.request}` or chose what it does, so you cannot vote on it.",
        "Somebody else among the approvers has to.",
    ),
    Kind.NAME_MISTYPED: lambda f: (
        f"What you typed is not the target's name, so your approval of `{f.request}` was not counted.",
        f"Press *Approve* again and type exactly `{f.target}`.",
    ),
    Kind.REASON_MISSING: lambda f: (
        f"`{f.request}` was not denied, since no reason was given.",
        "Press *Deny* again and say why; the requester reads it.",
    ),
    Kind.ALREADY_VOTED: lambda f: (
        f"You have approved `{f.request}` already.",
        f"It still needs {f.missing} more from other people.",
    ),
    Kind.BRANCH_UNSUITABLE: lambda f: (
        f"The branch `{f.branch}` cannot be restored to a past moment: {f.why}.",
        "A backup of it can still be restored in Neon's console.",
    ),
    Kind.OUTSIDE_WINDOW: _outside_window,
    Kind.BEFORE_BRANCH: _before_branch,
    Kind.NO_HISTORY: (
        "Neon keeps no history for this project: its history window is set to zero.",
        "Set a window in the project's settings; until then only backups can be restored.",
    ),
    Kind.MODAL_EXPIRED: (
        "Slack gave up on that window before it could be opened.",
        "Press the button again.",
    ),
    Kind.REQUEST_GONE: (
        "I do not know that request.",
        "Its card may be from another installation; start again with `/restore`.",
    ),
    Kind.REQUEST_MOVED_ON: lambda f: (
        f"`{f.request}` has moved on: it is {f.stage} now.",
        "Its card shows where it stands.",
    ),
    Kind.REQUEST_EXPIRED: lambda f: (
        f"`{f.request}` has expired.",
        "Type the `/restore` command again to get a fresh preview.",
    ),
    Kind.PLAN_CHANGED: lambda f: (
        f"What was approved is no longer what would happen{_because(f, 'what')}.",
        f"{NOTHING_CHANGED} Type the `/restore` command again to get a fresh preview.",
    ),
    Kind.TOO_FEW_APPROVERS: lambda f: (
        f"*{f.target}* asks for {f.quorum} approvals, and only {f.possible} other people may give one.",
        "Add approvers to its policy, or let somebody who is not an approver ask.",
    ),
    Kind.LIMIT_REACHED: lambda f: (
        f"The project has reached a limit of its Neon plan: `{f.limit}`.",
        "Delete branches that are no longer needed, or raise the plan.",
    ),
    Kind.NEON_REFUSED: lambda f: (
        f"Neon refused{_because(f, 'message')} (status {f.status}).",
        "If that does not tell what to change, ask Neon's support with the ref below.",
    ),
    Kind.WRONG_KEY: (
        "Neon does not accept the API key I use.",
        "Put a valid key into `NEON_API_KEY` and restart me; `safepoint doctor` checks it.",
    ),
    Kind.NOT_FOUND: lambda f: (
        f"Neon does not find the {f.what}.",
        "Check the target's project and branch in `safepoint.toml`; `safepoint doctor` shows what it finds.",
    ),
    Kind.SNAPSHOT_REFUSED: lambda f: (
        f"Neon refused a snapshot{_because(f, 'message', 'limit')}.",
        "A branch can be made instead.",
    ),
    Kind.NEON_BUSY: (
        "Neon is still busy with another change to this project.",
        "Try again in a minute.",
    ),
    Kind.NEON_DOWN: (
        "Neon's API does not answer.",
        "Try again in a minute; neonstatus.com tells whether it is known.",
    ),
    Kind.RATE_LIMITED: (
        "Neon asks to slow down: too many requests with this API key.",
        "Try again in a minute.",
    ),
    Kind.QUOTA_USED_UP: (
        "The account's compute time on Neon is used up, so no compute can start.",
        "Raise the quota or the plan in Neon's console; backups without a compute still work.",
    ),
    Kind.DATABASE_UNREACHABLE: lambda f: (
        f"The database could not be reached: {f.why}.",
        "Check that its compute is allowed to start, then try again.",
    ),
    Kind.OPERATION_FAILED: lambda f: (
        f"Neon reports that its operation `{f.action}` failed ({f.operation}).",
        "Look at the branch in Neon's console before anything else is done to it.",
    ),
    Kind.ANSWER_LOST: lambda f: (
        "Neon's answer was lost, and I cannot tell whether it did what I asked.",
        "Look in Neon's console before anything else is done: the restore happened if there is a branch "
        f"`{f.preserve_as}`, which then holds the state from before.",
    ),
    Kind.STILL_RUNNING: (
        "Neon is still working on it after longer than I wait.",
        "Look at the operations in Neon's console; the branch may still become ready.",
    ),
    Kind.RESULT_DIFFERS: (
        "What Neon made is not what I asked for.",
        "Look at the branch in Neon's console; I have not used it.",
    ),
    Kind.BUG: (
        "Something went wrong inside me, and it is my fault.",
        "Please tell whoever runs me, with the ref below.",
    ),
}
