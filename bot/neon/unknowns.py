"""What Neon does not document and this client relies on: the assumption, and what happens if it is wrong.

Each row is named in a comment (`# unknowns: <key>`) where the code relies on it. No row may end in data lost
without a word: at worst the bot stops and asks.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unknown:
    question: str
    assumed: str
    if_wrong: str


UNKNOWNS: Mapping[str, Unknown] = {
    "search-contains": Unknown(
        "How exactly does `search=` of the branch list match?",
        "It finds every branch whose name contains the text, whatever characters the name has.",
        "A branch of ours is not seen: making it again is a 409 shown to the person; after a restore the bot stops "
        "with ANSWER_LOST although it happened. Nothing is done twice, as names are unique.",
    ),
    "preserve-name-unique": Unknown(
        "What does a restore answer whose `preserve_under_name` is taken?",
        "409, as for any other branch name, and nothing is changed.",
        "With another 4xx the person sees Neon's refusal. If Neon took the name twice, a restore repeated by a "
        "restarted bot while the first was still on its way would happen twice.",
    ),
    "restore-traces": Unknown(
        "Does every accepted restore set `last_reset_at`, or `parent_id` to the safety copy, at once?",
        "One of them is visible as soon as the safety copy is.",
        "A restore found done after a lost answer ends in RESULT_DIFFERS and a person has a look.",
    ),
    "operations-by-time": Unknown(
        "Which operations belong to a change whose answer was lost?",
        "Those of its branches (for a snapshot also those of no branch) that were not there before it was sent and "
        "were created from 2 s before to 10 s after its time, on the newest page.",
        "Too few: success is judged by the branch being at rest and the project quiet. Too many, which takes a "
        "restarted bot and another change of that branch in the same seconds: its failure is reported as ours.",
    ),
    "failed-may-recover": Unknown(
        "Is an operation that `failed` over? Neon's documents have said both.",
        "It is if it is still `failed` when looked at twice more.",
        "A restore is reported as failed that Neon finishes later; the safety copy is there either way.",
    ),
    "parent-timestamp-echo": Unknown(
        "Is a branch's `parent_timestamp` the instant asked for, or that of the last commit before it?",
        "The instant asked for, cut to the second at worst; an LSN comes back aligned to 8 bytes at worst.",
        "Good branches end in RESULT_DIFFERS. No branch with other data passes for the one asked for.",
    ),
    "not-ready-yet": Unknown(
        "Is a 422 `branch not ready yet` safe to repeat?",
        "Yes, like a 423: Neon's own tests do, and a refused change was not made.",
        "The change is sent again within the patience for a busy project, then reported as NEON_BUSY.",
    ),
}
