"""The words for a moment: the question back when words fit several, and what to say beside one that was read."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.cards.blocks import Block, Card, actions, button, code, context, cut, local, section, utc_words
from bot.errors import Facts
from bot.rules.clock import age_words, from_iso
from bot.rules.moment import Question, Remark

READING = "restore.reading"

QUESTIONS: Mapping[Question, str] = {
    Question.WHICH_ZONE: "that abbreviation stands for several time zones",
    Question.WINTER_OR_SUMMER: "clocks in that zone did not show that abbreviation then",
    Question.DAY_OR_MONTH: "day and month can be read either way round",
    Question.FIRST_OR_SECOND: "the clocks were set back then, so that time was there twice",
    Question.WHAT_TIME: "a day has many moments",
    Question.BARE_NUMBER: "a number alone can be a time or a length of time",
    Question.HOW_LONG_AGO: "it does not say from when",
    Question.WHICH_DAY: "it can be more than one day",
}
REMARKS: Mapping[Remark, str] = {
    Remark.DAY_BEFORE: "that was *yesterday*: today it is still to come",
    Remark.CUT: "cut down to the millisecond, the finest Neon can go back to",
}


def question_facts(
    words: str, target: str, question: Question, choices: Sequence[datetime], now: datetime
) -> Facts:
    """What `question_card` draws from; instants to the microsecond."""
    stamps = " ".join(choice.isoformat() for choice in choices)
    return {
        "words": words,
        "target": target,
        "question": question.value,
        "choices": stamps,
        "now": now.isoformat(),
    }


def question_card(facts: Facts) -> Card:
    """One button for each instant the words can mean; pressing it asks for that restore and nothing else."""
    why = QUESTIONS[Question(str(facts["question"]))]
    target, now = str(facts["target"]), from_iso(str(facts["now"]))
    blocks: list[Block] = []
    for place, stamp in enumerate(str(facts["choices"]).split()):
        at = from_iso(stamp)
        blocks.append(section(f"`{utc_words(at)}` · {local(at)} for you · {age_words(now - at)} ago"))
        value = {"target": target, "at": stamp}
        blocks.append(actions(f"reading.{place}", button(utc_words(at), READING, value)))
    asked = f"*Choose which moment you mean* by {code(cut(str(facts['words']), 100))}: {why}."
    return Card(
        f"Choose which moment you mean: {why}.",
        (section(asked), *blocks, context("Nothing happens until you choose; or say it in other words.")),
    )


def remark_lines(remarks: Sequence[Remark]) -> str:
    return "; ".join(REMARKS[remark] for remark in remarks)
