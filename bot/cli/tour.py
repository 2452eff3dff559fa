"""`safepoint tour`: the whole incident without a person, against a sandbox of its own, checked step by step."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.guide import Guide, StepMissed


def tour(
    journal: Annotated[
        Path | None, typer.Option(help="Also write every Slack API call as JSON lines to this file.")
    ] = None,
) -> None:
    """Play the incident: rows deleted, previewed, approved by two others, restored in place, verified, undone."""
    try:
        asyncio.run(_play(journal))
    except StepMissed as missed:
        print(f"\nNot as it should be: {missed}", file=sys.stderr)
        raise typer.Exit(1) from None


async def _play(journal: Path | None) -> None:
    import httpx

    from bot.cli.sandbox import bot_in, world

    print("Starting Neon, Slack, a shop and the bot on this machine…", flush=True)
    async with (
        world() as outside,
        bot_in(outside),
        httpx.AsyncClient(base_url=outside.slack.url, timeout=10) as http,
    ):
        guide = Guide(http, outside.description())
        try:
            await _incident(guide)
            await _stale_backup(guide)
        finally:
            if journal is not None:
                await guide.write_journal(journal)
    print(f"\nEvery step was checked: {guide.steps} of {guide.steps}.")


async def _incident(guide: Guide) -> None:
    dana, kofi, mei, ravi = guide.named("Dana"), guide.named("Kofi"), guide.named("Mei"), guide.named("Ravi")
    before = await guide.count("orders")
    guide.check("the shop has orders", before > 1000)
    accident = await guide.post("/sandbox/accident", id="delete_orders")
    guide.tell("Somebody deletes every order.")
    guide.check("the orders are gone", await guide.count("orders") < 50)
    await _ready_to_restore(accident["before"])

    guide.tell(f"Dana types: /restore prod to {accident['before']}")
    await guide.type(dana, "/restore", f"prod to {accident['before']}")
    card = await guide.card("a preview is offered", dana, "Restore in place")
    guide.check("the preview says that orders return", "would return" in guide.words(card))

    guide.tell("Dana presses Restore in place, and tries to approve it herself.")
    await guide.press(dana, card, "Restore in place")
    card = await guide.card("the approvers are asked", dana, "Approve")
    await guide.press(dana, card, "Approve")
    await guide.whisper("her own vote is refused", dana, "cannot vote")
    await guide.press(kofi, card, "Approve")
    await guide.whisper("an operator who is no approver is refused", kofi, "may not")

    guide.tell("Mei and Ravi press Approve and type the target's name.")
    await guide.press(mei, card, "Approve")
    window = await guide.window(mei)
    refused = await guide.submit(mei, window, {"target": "pord"})
    guide.check("a mistyped name is refused in the window", bool(refused.get("errors")))
    await guide.submit(mei, window, {"target": "prod"})
    await guide.whisper("her approval is counted", mei, "1 approval more")
    await guide.approve(ravi, card)
    card = await guide.card("it is restored and verified", dana, "Undo")
    guide.check("the card says verified", "verified" in guide.words(card))
    guide.check("the orders are back", await guide.count("orders") >= before)

    guide.tell("It was the wrong moment after all: Dana presses Undo, and two others approve that too.")
    await guide.press(dana, card, "Undo")
    undo = await guide.card("the undo asks for approval", dana, "Approve")
    await guide.approve(mei, undo)
    await guide.approve(ravi, undo)
    await guide.card("the undo is verified", dana, "Undo", same_as=undo)
    guide.check("the orders are gone again", await guide.count("orders") < before)


async def _stale_backup(guide: Guide) -> None:
    dana = guide.named("Dana")
    alert = await guide.card("an alert said that prod was never backed up", dana, "Back up now")
    guide.tell("Dana presses Back up now on the alert.")
    await guide.press(dana, alert, "Back up now")
    await guide.message("the backup is confirmed", "finished by Neon")
    await guide.message("the alert is resolved", "are fresh again")


async def _ready_to_restore(moment: str) -> None:
    """A restore point has to be a second old; wait out what is missing of it."""
    age = (datetime.now(UTC) - datetime.fromisoformat(moment)).total_seconds()
    await asyncio.sleep(max(1.2 - age, 0))
