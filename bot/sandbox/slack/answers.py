"""What an app says back to an interaction: in the body of an acknowledgement, or through a response URL.

Both are journalled, as `ack` and `response_url`, and both obey the limits of ordinary messages and views.
"""

from aiohttp import web

from bot.sandbox.slack.dispatch import cut, error_word, instead_of_an_answer, read_request, shown
from bot.sandbox.slack.elements import inputs
from bot.sandbox.slack.faults import ON_CALLS, Faults
from bot.sandbox.slack.journal import Journal
from bot.sandbox.slack.limits import MODALS_IN_A_STACK
from bot.sandbox.slack.passes import PassRefused, ResponseUrl
from bot.sandbox.slack.web_api.call import ApiError, Arguments
from bot.sandbox.slack.web_api.content import checked_blocks, checked_text, checked_view
from bot.sandbox.slack.world import Channel, Json, Message, View, World

_MESSAGE_KEYS = {
    "text",
    "blocks",
    "response_type",
    "replace_original",
    "delete_original",
    "thread_ts",
    "unfurl_links",
    "unfurl_media",
    "mrkdwn",
    "metadata",
}


class Answers:
    def __init__(self, world: World, journal: Journal, faults: Faults) -> None:
        self._world = world
        self._journal = journal
        self._faults = faults

    def take_command_ack(self, user: str, channel: Channel, body: Json | None) -> None:
        """Text or blocks in the acknowledgement of a command become a message, ephemeral unless it says otherwise."""
        if body is None:
            return
        error = None
        try:
            _say(self._world, ResponseUrl(user, channel.id, 0.0, None), body)
        except ApiError as refusal:
            error = refusal.error
        self._journal.add("ack", body, 200, error)

    def take_ignored_ack(self, body: Json | None) -> None:
        """Clicks and events accept no body; one that comes anyway is only noted."""
        if body is not None:
            self._journal.add("ack", body, 200, None)

    def take_submission_ack(self, view: View, body: Json | None) -> Json:
        """Act on a modal's `response_action`; returns what the person who submitted gets to see of it.

        A body that Slack cannot use shows as an error under `view`, and the modal stays.
        """
        error = None
        try:
            result = self._respond(view, body or {})
        except ApiError as refusal:
            error = refusal.error
            why = "; ".join([refusal.error, *refusal.messages])
            result = {"response_action": "errors", "errors": {"view": why}}
        if body is not None:
            self._journal.add("ack", body, 200, error)
        return result

    def _respond(self, view: View, body: Json) -> Json:
        world, action = self._world, body.get("response_action")
        if action is None:
            world.close_view(view)
            return {}
        if action == "clear":
            world.close_stack(view.user)
        elif action == "errors":
            return {"response_action": action, "errors": _checked_errors(view, body)}
        elif action == "update":
            world.replace_view(view, checked_view(body.get("view"), ("modal",)))
        elif action == "push":
            if len(world.stacks.get(view.user, [])) >= MODALS_IN_A_STACK:
                raise ApiError("push_limit_reached")
            world.push_view(view.user, checked_view(body.get("view"), ("modal",)))
        else:
            raise ApiError("invalid_arguments", [f"unknown response_action: {action}"])
        return {"response_action": action}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The aiohttp handler of response URLs. Faults meet it as method `response_url`."""
        fault = self._faults.take_aimed(ON_CALLS - {"delay", "truncate"}, "response_url")
        if fault and fault.fault == "cut_before":
            return cut(request)
        payload = shown((await read_request(request)).arguments)
        if fault and (refusal := instead_of_an_answer(fault)):
            self._journal.add("response_url", payload, refusal.status, error_word(fault))
            return refusal
        status, error = self._use(request.match_info["name"], payload)
        is_heard = fault is None
        self._journal.add("response_url", payload, status if is_heard else None, error)
        return web.Response(status=status, text=error or "ok") if is_heard else cut(request)

    def _use(self, name: str, payload: Json) -> tuple[int, str | None]:
        try:
            url = self._world.passes.use_response_url(name)
        except PassRefused as refused:
            return 404, str(refused)
        try:
            _say(self._world, url, payload)
        except ApiError as refusal:
            return 400, refusal.error
        return 200, None


def _checked_errors(view: View, body: Json) -> Json:
    errors = body.get("errors")
    known = {block["block_id"] for block in inputs(view.content["blocks"])}
    if not isinstance(errors, dict) or not errors:
        raise ApiError("invalid_arguments", ["missing required field: errors"])
    if strangers := sorted(set(errors) - known):
        raise ApiError("invalid_arguments", [f"errors names {strangers[0]}, which is not an input block"])
    return errors


def _say(world: World, url: ResponseUrl, body: Json) -> None:
    """Post, replace or delete as the body asks. Raises ApiError."""
    if unknown := sorted(set(body) - _MESSAGE_KEYS):
        raise ApiError("invalid_payload", [f"unknown key: {unknown[0]}"])
    args, channel = Arguments(body), world.channels[url.channel]
    original = channel.message(url.ts) if url.ts else None
    if args.flag("delete_original"):
        if original is None:
            raise ApiError("message_not_found")
        original.is_deleted = True
        world.changed()
        return
    blocks = checked_blocks(args.structure("blocks", "invalid_blocks_format"))
    text = checked_text(args.text("text"), blocks)
    if args.flag("replace_original") and original is not None and not original.is_deleted:
        original.text, original.blocks = text, blocks
        original.edited = {"user": world.bot_user_id, "ts": world.next_ts()}
        world.changed()
        return
    is_public = args.text("response_type", "ephemeral") == "in_channel"
    message = Message(
        ts=world.next_ts(),
        user=world.bot_user_id,
        text=text,
        blocks=blocks,
        thread_ts=args.optional("thread_ts"),
        ephemeral_to=None if is_public else url.user,
    )
    world.post(channel, message)
