"""The Web API's front door: reads a call, checks token, scope, rate and arguments, runs the method, keeps the journal.

Slack answers refusals with HTTP 200 and `ok: false`; only rates (429) and faults use other statuses.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.sandbox.slack.faults import ON_CALLS, Fault, Faults
from bot.sandbox.slack.journal import Journal
from bot.sandbox.slack.rates import Rates
from bot.sandbox.slack.web_api.call import ApiError, Arguments, Method
from bot.sandbox.slack.world import Json, World

DEPENDING_SCOPES = frozenset(
    {"commands", "chat:write.public"}
    | {f"{kind}:{right}" for kind in ("channels", "groups", "im") for right in ("read", "history")}
)
"""Scopes that no single method asks for: they depend on the channel, or are for what people do."""

STRUCTURED = ("blocks", "view", "metadata", "files")


@dataclass(frozen=True, slots=True)
class Request:
    """A call as it came: arguments by name, and the token from wherever it may stand. `problem` is Slack's error word
    for a body that cannot be read."""

    arguments: Json
    token: str | None
    is_json: bool
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    body: Json
    status: int = 200
    retry_after: int | None = None

    def response(self, scopes: frozenset[str]) -> web.Response:
        headers = {"x-oauth-scopes": ",".join(sorted(scopes))}
        if self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
        return web.json_response(self.body, status=self.status, headers=headers)


def too_many(seconds: int) -> Answer:
    return Answer({"ok": False, "error": "ratelimited"}, 429, seconds)


class Dispatcher:
    def __init__(
        self, world: World, methods: Mapping[str, Method], journal: Journal, rates: Rates, faults: Faults
    ) -> None:
        self._world = world
        self._methods = methods
        self._journal = journal
        self._rates = rates
        self._faults = faults

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The aiohttp handler of `/api/{method}`."""
        name = request.match_info["method"]
        fault = self._faults.take(ON_CALLS, name)
        kind = fault.fault if fault else None
        if kind == "cut_before":
            return cut(request)
        if fault and kind == "delay":
            await asyncio.sleep(fault.seconds or 1.0)
        call = await read_request(request)
        if fault and (refusal := instead_of_an_answer(fault)):
            self._journal.add(name, shown(call.arguments), refusal.status, error_word(fault))
            return refusal
        answer = self._answer(name, call)
        is_heard = kind not in ("cut_after", "truncate")
        self._journal.add(
            name, shown(call.arguments), answer.status if is_heard else None, answer.body.get("error")
        )
        if kind == "cut_after":
            return cut(request)
        response = answer.response(self._scopes())
        return await truncated(request, response) if kind == "truncate" else response

    def _scopes(self) -> frozenset[str]:
        if self._world.manifest is not None:
            return self._world.manifest.scopes
        return (
            frozenset(scope for method in self._methods.values() for scope in method.scopes)
            | DEPENDING_SCOPES
        )

    def _answer(self, name: str, call: Request) -> Answer:
        try:
            method = self._methods.get(name)
            if method is None:
                raise ApiError("unknown_method", req_method=name)
            if call.problem is not None:
                raise ApiError(call.problem)
            self._check_token(method, call.token)
            self._check_scope(method)
            if wait := self._rates.wait_for_call(name, method.per_minute):
                return too_many(wait)
            arguments = checked_arguments(method, call)
            if name == "chat.postMessage" and (
                wait := self._rates.wait_for_message(arguments.text("channel"))
            ):
                return too_many(wait)
            return Answer({"ok": True, **method.handler(self._world, arguments)})
        except ApiError as refusal:
            return Answer(refusal.body())

    def _check_token(self, method: Method, token: str | None) -> None:
        if token is None:
            raise ApiError("not_authed")
        if token not in (self._world.bot_token, self._world.app_token):
            raise ApiError("invalid_auth")
        if (token == self._world.app_token) != method.for_app_token:
            raise ApiError("not_allowed_token_type")

    def _check_scope(self, method: Method) -> None:
        if self._world.manifest is None or not method.scopes:
            return
        provided = self._world.manifest.scopes
        if not provided.intersection(method.scopes):
            raise ApiError("missing_scope", needed=method.scopes[0], provided=",".join(sorted(provided)))


async def read_request(request: web.Request) -> Request:
    """Arguments from the query, then from a JSON, form or multipart body. A token in the query does not count: Slack
    refuses it for apps created since 2021."""
    arguments: Json = {name: value for name, value in request.query.items() if name != "token"}
    is_json = request.content_type == "application/json"
    problem = None
    if is_json:
        body, problem = _json_object(await request.text())
        arguments |= body
    else:
        arguments |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    body_token = arguments.pop("token", None)
    scheme, _, header_token = request.headers.get("Authorization", "").partition(" ")
    token = header_token if scheme == "Bearer" else None if is_json else body_token
    return Request(arguments, token, is_json, problem)


def _json_object(text: str) -> tuple[Json, str | None]:
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}, "invalid_json"
    return (value, None) if isinstance(value, dict) else ({}, "json_not_object")


def checked_arguments(method: Method, call: Request) -> Arguments:
    """Raises ApiError for missing and unknown names; Slack lets unknown ones pass, a typo should not. `team_id` is fine
    everywhere: Bolt's clients add it to each call."""
    given = call.arguments if method.reads_json or not call.is_json else {}
    known = {*method.required, *method.optional, "team_id"}
    missing = [f"missing required field: {name}" for name in method.required if given.get(name) in (None, "")]
    unknown = [f"unknown argument: {name}" for name in given if name not in known]
    if missing or unknown:
        raise ApiError("invalid_arguments", missing + unknown)
    return Arguments(given)


def shown(arguments: Mapping[str, Any]) -> Json:
    """The arguments with their JSON strings decoded, for the journal."""
    decoded = dict(arguments)
    for name in STRUCTURED:
        value = decoded.get(name)
        if isinstance(value, str):
            try:
                decoded[name] = json.loads(value)
            except ValueError:
                decoded[name] = value
    return decoded


def instead_of_an_answer(fault: Fault) -> web.Response | None:
    """The answer of something that stands before Slack, for faults that are one."""
    if fault.fault == "429":
        return too_many(max(1, round(fault.seconds or 1))).response(frozenset())
    if fault.fault == "503":
        return web.Response(status=503, text="upstream connect error or disconnect/reset before headers")
    if fault.fault == "html_524":
        page = "<!DOCTYPE html><html><head><title>524: A timeout occurred</title></head><body></body></html>"
        return web.Response(status=524, text=page, content_type="text/html")
    return None


def error_word(fault: Fault) -> str:
    """What the journal says of an answer that a fault gave."""
    return "ratelimited" if fault.fault == "429" else fault.fault


def cut(request: web.Request) -> web.Response:
    """Drop the connection; the response goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def truncated(request: web.Request, whole: web.Response) -> web.StreamResponse:
    """Promise the whole body, send half of it, drop the connection."""
    body = whole.body
    assert isinstance(body, bytes)
    half = web.StreamResponse(status=whole.status, headers={"Content-Type": "application/json"})
    half.content_length = len(body)
    await half.prepare(request)
    await half.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return half
