"""Acting as people in the sandbox: types, presses, approves, and waits for what a person should then see.

Talks to the sandbox's programmatic calls alone, so whatever it sees went over Slack's protocols.
"""

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

STEP_SECONDS = 60.0

Json = dict[str, Any]


class StepMissed(Exception):
    """A step of the tour did not come out as it should."""


class Guide:
    """Acts as people in the sandbox, waits for what they should see, and counts what was checked."""

    def __init__(self, http: "httpx.AsyncClient", description: Json, *, quiet: bool = False) -> None:
        self._http = http
        self._quiet = quiet
        self._channel = description["channel"]
        self._dsn = description["dsn"]
        self._people = {person["name"]: person["id"] for person in description["people"]}
        self.steps = 0

    def named(self, name: str) -> str:
        return str(self._people[name])

    def tell(self, text: str) -> None:
        self._print(f"\n* {text}")

    def check(self, what: str, holds: bool) -> None:
        if not holds:
            raise StepMissed(what)
        self.steps += 1
        self._print(f"  ok  {what}")

    async def count(self, table: str) -> int:
        """Rows of a table of the shop right now, over a fresh connection."""
        import psycopg
        from psycopg import sql

        query = sql.SQL("select count(*) from {}").format(sql.Identifier(table))
        async with await psycopg.AsyncConnection.connect(self._dsn, connect_timeout=10) as connection:
            row = await (await connection.execute(query)).fetchone()
        assert row is not None
        return int(row[0])

    async def post(self, path: str, **body: Any) -> Json:
        answer = (await self._http.post(path, json=body)).json()
        if not answer.get("ok"):
            raise StepMissed(f"{path}: {answer.get('error') or answer}")
        return dict(answer)

    async def type(self, person: str, command: str, text: str) -> Json:
        """Type a command; the answer says how long the ack took."""
        return await self.post(
            "/sandbox/slash", user=person, channel=self._channel, command=command, text=text
        )

    async def press(self, person: str, message: Json, label: str) -> None:
        button = _button(message, label)
        if button is None:
            raise StepMissed(f"there is no button {label} to press")
        await self.post(
            "/sandbox/click",
            user=person,
            channel=self._channel,
            ts=message["ts"],
            action_id=button["action_id"],
            value=button["value"],
        )

    async def approve(self, person: str, message: Json) -> None:
        """Press Approve and type the target's name into the window that opens."""
        await self.press(person, message, "Approve")
        await self.submit(person, await self.window(person), {"target": "prod"})

    async def window(self, person: str) -> str:
        """The id of the window in front of this person, once it can be submitted."""
        view = await self._until(lambda state: _view(state, person), "a window opens")
        return str(view["view_id"])

    async def submit(
        self, person: str, view_id: str, values: dict[str, str], *, may_fail: bool = False
    ) -> Json:
        body = {"user": person, "view_id": view_id, "values": values}
        if may_fail:
            return dict((await self._http.post("/sandbox/submit", json=body)).json())
        return await self.post("/sandbox/submit", **body)

    async def last_ts(self) -> str:
        """The newest message of the channel, so that `after` means everything from now on."""
        state = (await self._http.get("/sandbox/state")).json()
        return max((message["ts"] for message in state["channels"][self._channel]["messages"]), default="0")

    async def card(
        self, what: str, person: str, label: str, *, same_as: Json | None = None, after: str = "0"
    ) -> Json:
        """The newest message of the channel that offers `label` (the same message as `same_as`, if given)."""
        return await self._message(
            what,
            person,
            lambda message: (
                _button(message, label) is not None
                and message["ts"] > after
                and (same_as is None or message["ts"] == same_as["ts"])
            ),
        )

    async def ended(self, what: str, card: Json, words: str) -> Json:
        """The same card, once it says `words`."""
        return await self._message(
            what, "", lambda message: message["ts"] == card["ts"] and words in self.words(message)
        )

    async def message(self, what: str, words: str, *, after: str = "0") -> Json:
        """The newest message of the channel itself that says `words`."""
        return await self._message(
            what,
            "",
            lambda message: (
                not message.get("thread_ts") and message["ts"] > after and words in self.words(message)
            ),
        )

    async def whisper(self, what: str, person: str, words: str, *, after: str = "0") -> None:
        """An answer that this person alone can see."""
        await self._message(
            what,
            person,
            lambda message: (
                message.get("ephemeral_to") == person
                and message["ts"] > after
                and words in self.words(message)
            ),
            show=False,
        )

    def request_of(self, card: Json) -> str:
        """The id of the request a card shows, from its footer."""
        found = re.findall(r"\br-[0-9a-z]+", self.words(card))
        if not found:
            raise StepMissed("the card names its request")
        return str(found[-1])

    def words(self, message: Json) -> str:
        from bot.cards.plain import plain

        return plain(message.get("blocks") or [], {id_: name for name, id_ in self._people.items()})

    async def write_journal(self, path: Path) -> None:
        calls = (await self._http.get("/sandbox/journal")).json()
        lines = "".join(json.dumps(call) + "\n" for call in calls)
        await asyncio.to_thread(path.write_text, lines, encoding="utf-8")

    def _messages(self, state: Json, person: str) -> list[Json]:
        messages = state["channels"][self._channel]["messages"]
        return [
            message
            for message in messages
            if not message.get("deleted") and message.get("ephemeral_to") in {None, person}
        ]

    async def _message(
        self, what: str, person: str, fits: Callable[[Json], bool], *, show: bool = True
    ) -> Json:
        def newest(state: Json) -> Json | None:
            found = [message for message in self._messages(state, person) if fits(message)]
            return found[-1] if found else None

        message = await self._until(newest, what)
        if show:
            self._show(message)
        return message

    async def _until(self, found: Callable[[Json], Json | None], what: str) -> Json:
        deadline = asyncio.get_running_loop().time() + STEP_SECONDS
        while asyncio.get_running_loop().time() < deadline:
            value = found((await self._http.get("/sandbox/state")).json())
            if value is not None:
                self.check(what, holds=True)
                return value
            await asyncio.sleep(0.1)
        raise StepMissed(what)

    def _show(self, message: Json) -> None:
        self._print("\n".join(f"      | {line}" for line in self.words(message).splitlines()))

    def _print(self, text: str) -> None:
        if not self._quiet:
            print(text, flush=True)


def _button(message: Json, label: str) -> Json | None:
    for block in message.get("blocks") or []:
        for element in block.get("elements", []):
            if element.get("type") == "button" and element["text"]["text"] == label:
                return dict(element)
    return None


def _view(state: Json, person: str) -> Json | None:
    views = [view for view in state["views"] if view["user"] == person and view["view"].get("submit")]
    return dict(views[-1]) if views else None
