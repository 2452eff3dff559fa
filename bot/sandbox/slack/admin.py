"""What happens to a workspace behind the app's back: channels archived, messages deleted, people gone.

For tests and demonstrations of an app that must cope with it; no part of what people do in conversation.
"""

from dataclasses import replace
from typing import Literal

from aiohttp import web

from bot.sandbox.slack.orders import Order, bad_request, read_order
from bot.sandbox.slack.world import Channel, World


class AdminOrder(Order):
    """`channel` for all but the last two, `ts` for delete_message, `user` for the last four."""

    act: Literal[
        "archive",
        "unarchive",
        "remove_app",
        "invite_app",
        "delete_message",
        "remove_person",
        "invite_person",
        "deactivate",
        "reactivate",
    ]
    channel: str | None = None
    ts: str | None = None
    user: str | None = None


class Admin:
    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/sandbox/admin", self.act)]

    async def act(self, request: web.Request) -> web.Response:
        order = await read_order(AdminOrder, request)
        if order.act in ("deactivate", "reactivate"):
            self._set_deleted(self._user(order.user), order.act == "deactivate")
        else:
            self._change(self._channel(order.channel), order)
        self._world.changed()
        return web.json_response({"ok": True})

    def _channel(self, channel_id: str | None) -> Channel:
        channel = self._world.channels.get(channel_id or "")
        if channel is None:
            raise bad_request(f"unknown channel: {channel_id}")
        return channel

    def _user(self, user: str | None) -> str:
        if user not in self._world.people:
            raise bad_request(f"unknown user: {user}")
        return user

    def _change(self, channel: Channel, order: AdminOrder) -> None:
        if order.act in ("archive", "unarchive"):
            channel.is_archived = order.act == "archive"
        elif order.act == "remove_app":
            channel.members.discard(self._world.bot_user_id)
        elif order.act == "invite_app":
            channel.members.add(self._world.bot_user_id)
        elif order.act == "remove_person":
            channel.members.discard(self._user(order.user))
        elif order.act == "invite_person":
            channel.members.add(self._user(order.user))
        else:
            message = channel.message(order.ts or "")
            if message is None:
                raise bad_request(f"unknown message: {order.ts}")
            message.is_deleted = True

    def _set_deleted(self, user: str, deleted: bool) -> None:
        self._world.people[user] = replace(self._world.people[user], deleted=deleted)
