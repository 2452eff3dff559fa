"""What the sandbox shows and lets be set from outside: state, journal, about, events, faults, settings."""

import asyncio
from collections.abc import Mapping
from typing import Any, Literal

from aiohttp import web

from bot.sandbox.slack.faults import ALL, Faults
from bot.sandbox.slack.journal import Journal
from bot.sandbox.slack.links import Links
from bot.sandbox.slack.orders import Order, bad_request, read_order
from bot.sandbox.slack.rates import Rates
from bot.sandbox.slack.specs import Person
from bot.sandbox.slack.world import Channel, Json, World

HEARTBEAT_SECONDS = 15.0


class FaultOrder(Order):
    fault: str
    times: int = 1
    seconds: float | None = None
    method: str | None = None
    path_regex: str | None = None


class SettingsOrder(Order):
    limits: Literal["real", "off"]


class Inspection:
    def __init__(
        self,
        world: World,
        journal: Journal,
        faults: Faults,
        rates: Rates,
        links: Links,
        about: Mapping[str, object],
    ) -> None:
        self._world = world
        self._about = about
        self._journal = journal
        self._faults = faults
        self._rates = rates
        self._links = links
        self._is_closing = False

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/sandbox/state", self.state),
            web.get("/sandbox/about", self.about),
            web.get("/sandbox/journal", self.journal),
            web.get("/sandbox/events", self.events),
            web.post("/sandbox/faults", self.add_fault),
            web.get("/sandbox/faults", self.list_faults),
            web.delete("/sandbox/faults", self.clear_faults),
            web.post("/sandbox/settings", self.change_settings),
            web.get("/sandbox/settings", self.show_settings),
        ]

    async def state(self, _request: web.Request) -> web.Response:
        world = self._world
        channels = {
            channel.id: {"name": channel.name, "messages": [message.state() for message in channel.messages]}
            for channel in world.channels.values()
        }
        views = [{"view_id": v.id, "user": v.user, "view": v.content} for v in world.open_views()]
        homes = {user: {"view_id": view.id, "view": view.content} for user, view in world.homes.items()}
        people = [{"id": p.id, "name": p.name, "tz": p.tz, "role": p.role} for p in world.people.values()]
        return web.json_response({"channels": channels, "views": views, "homes": homes, "people": people})

    async def about(self, _request: web.Request) -> web.Response:
        """What does not fit into the state: names, kinds, commands, who is in what."""
        world, manifest = self._world, self._world.manifest
        commands = [
            {
                "command": command.command,
                "description": command.description,
                "usage_hint": command.usage_hint,
                "should_escape": command.should_escape,
            }
            for command in (manifest.commands.values() if manifest else ())
        ]
        groups = [
            {"id": group, "name": name, "users": users} for group, (name, users) in world.usergroups.items()
        ]
        return web.json_response(
            {
                **self._about,
                "team": {"id": world.team_id, "name": world.team_name, "domain": world.team_domain},
                "app": {"id": world.app_id, "name": manifest.name if manifest else world.bot.name},
                "bot": {"id": world.bot_user_id, "name": world.bot.name, "bot_id": world.bot_id},
                "connections": self._links.count,
                "commands": commands,
                "usergroups": groups,
                "people": [_person(world, person) for person in world.people.values()],
                "channels": {channel.id: _channel(channel) for channel in world.channels.values()},
            }
        )

    async def journal(self, _request: web.Request) -> web.Response:
        return web.json_response(self._journal.entries)

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: `data: {"rev": n}` at once and after every change, a comment line every 15 s."""
        stream = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        await stream.prepare(request)
        rev = self._world.rev
        try:
            await stream.write(b'data: {"rev": %d}\n\n' % rev)
            while not self._is_closing:
                try:
                    async with asyncio.timeout(HEARTBEAT_SECONDS):
                        rev = await self._world.wait_for_change(rev)
                    await stream.write(b'data: {"rev": %d}\n\n' % rev)
                except TimeoutError:
                    await stream.write(b": still here\n\n")
        except ConnectionError:
            return stream  # the page was closed
        return stream

    def close(self) -> None:
        """End the streams of changes."""
        self._is_closing = True
        self._world.changed()

    async def add_fault(self, request: web.Request) -> web.Response:
        order = await read_order(FaultOrder, request)
        if order.fault not in ALL:
            raise bad_request(f"fault: not one of {', '.join(sorted(ALL))}")
        if order.path_regex is not None:
            raise bad_request("path_regex: Slack's faults are chosen by method")
        if order.times < 1:
            raise bad_request("times: must be at least 1")
        added = self._faults.add(order.fault, order.times, order.seconds, order.method)
        self._links.apply_faults()
        return web.json_response({"id": added.id})

    async def list_faults(self, _request: web.Request) -> web.Response:
        return web.json_response([fault.shown() for fault in self._faults.waiting])

    async def clear_faults(self, _request: web.Request) -> web.Response:
        self._faults.clear()
        self._links.end_silence()
        return web.json_response({"ok": True})

    async def change_settings(self, request: web.Request) -> web.Response:
        self._rates.is_real = (await read_order(SettingsOrder, request)).limits == "real"
        return web.json_response(self._settings())

    async def show_settings(self, _request: web.Request) -> web.Response:
        return web.json_response(self._settings())

    def _settings(self) -> dict[str, Any]:
        return {"limits": "real" if self._rates.is_real else "off"}


def _person(world: World, person: Person) -> Json:
    return {
        "id": person.id,
        "name": person.name,
        "tz": person.tz,
        "role": person.role,
        "is_bot": person.is_bot,
        "deleted": person.deleted,
        "is_restricted": person.is_restricted,
        "is_ultra_restricted": person.is_ultra_restricted,
        "is_stranger": person.is_stranger,
        "direct_channel": world.direct_channel_id(person.id),
    }


def _channel(channel: Channel) -> Json:
    return {
        "is_im": channel.is_im,
        "is_private": channel.is_private,
        "is_archived": channel.is_archived,
        "is_ext_shared": channel.is_ext_shared,
        "members": sorted(channel.members),
        "broadcasts": [message.ts for message in channel.messages if message.is_broadcast],
        "reactions": {message.ts: message.reactions for message in channel.messages if message.reactions},
    }
