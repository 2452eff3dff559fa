"""What Slack sends to an app when a person does something. Shapes only; nothing is decided here."""

import html
import re
import uuid

from bot.sandbox.slack.elements import standing_values
from bot.sandbox.slack.specs import handle
from bot.sandbox.slack.web_api.content import message_object, view_object
from bot.sandbox.slack.world import Channel, Json, Message, Values, View, World

VERIFICATION_TOKEN = "sandbox-verification-token"  # noqa: S105 - Slack's deprecated, public check value


def slash_command(world: World, user: str, channel: Channel, command: str, text: str) -> Json:
    """docs.slack.dev/interactivity/implementing-slash-commands; `text` is what was typed after the command."""
    should_escape = world.manifest is not None and world.manifest.commands[command].should_escape
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": world.team_id,
        "team_domain": world.team_domain,
        "channel_id": channel.id,
        "channel_name": channel.name_in_payloads,
        "user_id": user,
        "user_name": handle(world.people[user]),
        "command": command,
        "text": escaped(world, text) if should_escape else html.escape(text, quote=False),
        "api_app_id": world.app_id,
        "is_enterprise_install": "false",
        "response_url": response_url(world, user, channel, None),
        "trigger_id": world.passes.issue_trigger(user),
    }


def click_in_message(
    world: World, user: str, channel: Channel, message: Message, action: Json, values: Values
) -> Json:
    """A block_actions payload. Slack leaves `message` out when the message is ephemeral."""
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": message.ephemeral_to is not None,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    payload = {
        **_interaction(world, user, "block_actions"),
        "container": container,
        "trigger_id": world.passes.issue_trigger(user),
        "channel": {"id": channel.id, "name": channel.name_in_payloads},
        "state": {"values": values},
        "response_url": response_url(world, user, channel, message.ts),
        "actions": [action],
    }
    if message.ephemeral_to is None:
        payload["message"] = message_object(world, channel, message)
    return payload


def click_in_view(world: World, user: str, view: View, action: Json) -> Json:
    return {
        **_interaction(world, user, "block_actions"),
        "container": {"type": "view", "view_id": view.id},
        "trigger_id": world.passes.issue_trigger(user, view.id),
        "view": _filled(world, view),
        "actions": [action],
    }


def view_submission(world: World, view: View) -> Json:
    return {
        **_interaction(world, view.user, "view_submission"),
        "trigger_id": world.passes.issue_trigger(view.user, view.id),
        "view": _filled(world, view),
        "response_urls": [],
    }


def view_closed(world: World, view: View, is_cleared: bool) -> Json:
    return {
        **_interaction(world, view.user, "view_closed"),
        "view": _filled(world, view),
        "is_cleared": is_cleared,
    }


def event(world: World, content: Json) -> Json:
    """An event_callback around one event."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": world.team_id,
        "api_app_id": world.app_id,
        "event": {**content, "event_ts": world.next_ts()},
        "type": "event_callback",
        "event_id": f"Ev{uuid.uuid4().hex[:10].upper()}",
        "event_time": int(world.clock()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": world.team_id,
                "user_id": world.bot_user_id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
    }


def home_opened(world: World, user: str) -> Json:
    content: Json = {
        "type": "app_home_opened",
        "user": user,
        "channel": world.direct_channel(user).id,
        "tab": "home",
    }
    if home := world.homes.get(user):
        content["view"] = view_object(world, home)
    return event(world, content)


def events_of_message(world: World, channel: Channel, message: Message) -> list[Json]:
    """What the app hears of a person's message: what its manifest subscribes to, and nothing without a manifest."""
    wanted = world.manifest.events if world.manifest is not None else frozenset()
    shown = {**message_object(world, channel, message), "channel": channel.id}
    kind, name = ("im", "message.im") if channel.is_im else ("channel", "message.channels")
    if channel.is_private:
        kind, name = "group", "message.groups"
    events = []
    if name in wanted and world.bot_user_id in channel.members:
        events.append(event(world, {**shown, "channel_type": kind}))
    if "app_mention" in wanted and f"<@{world.bot_user_id}" in message.text:
        events.append(event(world, {**shown, "type": "app_mention"}))
    return events


def response_url(world: World, user: str, channel: Channel, ts: str | None) -> str:
    kind = "commands" if ts is None else "actions"
    name = world.passes.issue_response_url(user, channel.id, ts)
    return f"{world.url}/{kind}/{world.team_id}/{name}"


def _interaction(world: World, user: str, kind: str) -> Json:
    name = handle(world.people[user])
    return {
        "type": kind,
        "user": {"id": user, "username": name, "name": name, "team_id": world.team_of(user)},
        "api_app_id": world.app_id,
        "token": VERIFICATION_TOKEN,
        "team": {"id": world.team_id, "domain": world.team_domain},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _filled(world: World, view: View) -> Json:
    return view_object(world, view, standing_values(view.content["blocks"], view.values))


def escaped(world: World, text: str) -> str:
    """Typed names and addresses as Slack hands them over: `<@U1|dana>`, `<#C1|ops>`, `<https://…>`."""
    people = [*world.people.values(), world.bot]
    names = {f"@{said}": f"<@{one.id}|{handle(one)}>" for one in people for said in (one.name, handle(one))}
    names |= {f"@{name}": f"<!subteam^{group}|@{name}>" for group, (name, _) in world.usergroups.items()}
    names |= {f"#{channel.name}": f"<#{channel.id}|{channel.name}>" for channel in world.channels.values()}
    longest_first = sorted(map(re.escape, names), key=len, reverse=True)
    pattern = re.compile("|".join([*(rf"{name}(?![\w.-])" for name in longest_first), r"https?://\S+"]))
    pieces, at = [], 0
    for found in pattern.finditer(text):
        pieces.append(html.escape(text[at : found.start()], quote=False))
        pieces.append(names.get(found[0]) or f"<{html.escape(found[0], quote=False)}>")
        at = found.end()
    return "".join([*pieces, html.escape(text[at:], quote=False)])
