import asyncio
import logging
import traceback
from datetime import timedelta

import httpx
import pytest
from pydantic import SecretStr

from bot.errors import Kind, NeedsHuman, Refused, SafepointError, Unavailable
from bot.neon.client import NeonClient
from bot.neon.http import Patience
from bot.rules.ids import BranchId, ProjectId
from tests.neon.conftest import KEY
from tests.neon.scripted import Answer, ScriptedNeon, branch, branches, breaks, refuses, says

P1, MAIN = ProjectId("p1"), BranchId("br-main")
ME = says(200, {"account_id": "org-1", "auth_method": "api_key_org"})
HTML = says(524, b"<html><title>524: A timeout occurred</title></html>", content_type="text/html")
LOST_ANSWERS = {
    "cut": breaks(httpx.ReadError),
    "cut before an answer": breaks(httpx.RemoteProtocolError),
    "too slow": breaks(httpx.ReadTimeout),
    "a broken gateway": says(502, b"bad gateway"),
    "an error inside": refuses(500, "internal error"),
    "a proxy's page": HTML,
    "a truncated body": says(201, b'{"branch": {"id": "br-n'),
    "a page instead of an answer": says(200, b"<html></html>"),
}
SAFE_TO_REPEAT = {
    "locked": refuses(423, "project already has running conflicting operations"),
    "limited": refuses(429, "too many requests"),
    "limited for a moment": says(429, {"code": "", "message": ""}, retry_after="0"),
    "away": says(503, b"<html>503</html>"),
    "not listening": breaks(httpx.ConnectError),
    "not ready": refuses(422, "branch not ready yet"),
}


@pytest.mark.parametrize("trouble", LOST_ANSWERS.values(), ids=LOST_ANSWERS)
async def test_a_read_is_repeated_after_any_trouble(
    script: ScriptedNeon, client: NeonClient, trouble: Answer
) -> None:
    script.on("GET /auth", trouble, ME)
    assert (await client.whoami()).id == "org-1"
    assert len(script.requests) == 2


@pytest.mark.parametrize("trouble", SAFE_TO_REPEAT.values(), ids=SAFE_TO_REPEAT)
async def test_a_change_is_repeated_only_if_neon_certainly_did_nothing(
    script: ScriptedNeon, client: NeonClient, trouble: Answer
) -> None:
    script.on("GET /projects/p1/branches/br-x", says(200, {"branch": branch(identifier="br-x")}))
    script.on("DELETE /projects/p1/branches/br-x", trouble, trouble, says(204))
    await client.delete_branch(P1, BranchId("br-x"))
    assert len(script.sent("DELETE /projects/p1/branches/br-x")) == 3


@pytest.mark.parametrize("trouble", LOST_ANSWERS.values(), ids=LOST_ANSWERS)
async def test_a_restore_whose_answer_was_lost_is_sent_once_and_left_to_a_person(
    script: ScriptedNeon, hasty: NeonClient, trouble: Answer
) -> None:
    script.on("GET /projects/p1/branches/br-main", says(200, {"branch": branch()}))
    script.on("GET /projects/p1/branches", branches())
    script.on("POST /projects/p1/branches/br-main/restore", trouble)
    with pytest.raises(NeedsHuman) as caught:
        await hasty.restore(P1, MAIN, source=MAIN, at=None, lsn="0/1", preserve_as="old")
    assert caught.value.kind is Kind.ANSWER_LOST
    assert caught.value.facts["reset_seen"] is False
    assert len(script.sent("POST /projects/p1/branches/br-main/restore")) == 1


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        (LOST_ANSWERS["cut"], Kind.NEON_DOWN),
        (LOST_ANSWERS["a proxy's page"], Kind.NEON_DOWN),
        (LOST_ANSWERS["a page instead of an answer"], Kind.NEON_DOWN),
        (SAFE_TO_REPEAT["away"], Kind.NEON_DOWN),
        (SAFE_TO_REPEAT["not listening"], Kind.NEON_DOWN),
        (SAFE_TO_REPEAT["limited"], Kind.RATE_LIMITED),
        (SAFE_TO_REPEAT["locked"], Kind.NEON_BUSY),
    ],
)
async def test_trouble_that_stays_is_reported_as_what_it_is(
    script: ScriptedNeon, hasty: NeonClient, trouble: Answer, kind: Kind
) -> None:
    script.on("GET /auth", trouble)
    with pytest.raises(Unavailable) as caught:
        await hasty.whoami()
    assert caught.value.kind is kind


async def test_a_longer_wait_than_there_is_patience_for_is_passed_on_at_once(
    script: ScriptedNeon, client: NeonClient
) -> None:
    script.on("GET /auth", says(429, {"code": "", "message": ""}, retry_after="90"))
    with pytest.raises(Unavailable) as caught:
        await client.whoami()
    assert caught.value.kind is Kind.RATE_LIMITED
    assert 90 <= caught.value.retry_after_seconds < 91
    assert len(script.requests) == 1


async def test_a_date_to_wait_for_is_read_by_neons_clock_and_not_by_ours(
    script: ScriptedNeon, client: NeonClient
) -> None:
    wait = {"Date": "Fri, 20 Nov 2026 23:00:00 GMT", "Retry_After": "Fri, 20 Nov 2026 23:00:00 GMT"}
    script.on("GET /auth", says(429, {"code": "", "message": ""}, **wait), ME)
    assert (await client.whoami()).id == "org-1"


async def test_a_used_up_compute_quota_is_not_waited_for(script: ScriptedNeon, client: NeonClient) -> None:
    script.on("GET /auth", refuses(423, "compute time quota exceeded; usage:360000, limit:360000"))
    with pytest.raises(Unavailable) as caught:
        await client.whoami()
    assert caught.value.kind is Kind.QUOTA_USED_UP
    assert len(script.requests) == 1


@pytest.mark.parametrize("identifier", ["", "..", "a/b", "Br-Main", "br-main?x=1", "x" * 61])
async def test_what_cannot_be_an_id_is_refused_before_it_reaches_a_path(
    script: ScriptedNeon, client: NeonClient, identifier: str
) -> None:
    with pytest.raises(Refused) as caught:
        await client.branch(P1, BranchId(identifier))
    assert (caught.value.kind, caught.value.facts) == (Kind.NOT_FOUND, {"what": "branch"})
    assert script.requests == []


@pytest.mark.parametrize("key", ["", "two words", "new\nline", "schlüssel"])
def test_a_key_that_cannot_be_sent_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(Refused) as caught:
        NeonClient(api_key=SecretStr(key))
    assert caught.value.kind is Kind.WRONG_KEY
    assert not key or key not in str(caught.value)


async def test_every_call_has_its_own_request_id_and_repeats_share_it(
    script: ScriptedNeon, client: NeonClient
) -> None:
    script.on("GET /auth", says(503), ME)
    await client.whoami()
    await client.whoami()
    first, again, second = [request.headers["X-Request-ID"] for request in script.requests]
    assert first == again != second


async def test_each_call_leaves_one_line_in_the_log(
    script: ScriptedNeon, client: NeonClient, caplog: pytest.LogCaptureFixture
) -> None:
    script.on("GET /auth", breaks(httpx.ReadError), says(503), ME)
    with caplog.at_level(logging.DEBUG, "safepoint.neon"):
        await client.whoami()
    request_id = script.requests[0].headers["X-Request-ID"]
    lines = [record.getMessage() for record in caplog.records if record.name == "safepoint.neon"]
    assert [line.rsplit(" ", 1)[0] for line in lines] == [
        f"GET /auth no answer request={request_id}",
        f"GET /auth 503 request={request_id}",
        f"GET /auth 200 request={request_id}",
    ]


TROUBLES: dict[str, Answer] = {
    **LOST_ANSWERS,
    **SAFE_TO_REPEAT,
    "wrong key": refuses(401),
    "illegal": breaks(httpx.LocalProtocolError),
}


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
async def test_neither_the_key_nor_a_request_hangs_on_to_an_error(
    script: ScriptedNeon, hasty: NeonClient, trouble: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    script.on("GET /auth", trouble)
    with caplog.at_level(logging.DEBUG), pytest.raises(SafepointError) as caught:
        await hasty.whoami()
    error: BaseException | None = caught.value
    while error is not None:
        assert isinstance(error, SafepointError)
        error = error.__cause__ or error.__context__
    assert KEY not in "".join(traceback.format_exception(caught.value)) + caplog.text


async def test_a_connection_uri_is_shown_nowhere(
    script: ScriptedNeon, client: NeonClient, caplog: pytest.LogCaptureFixture
) -> None:
    uri = "postgresql://alex:pa55@ep-1.neon.test/shop?sslmode=require"
    script.on("GET /projects/p1/connection_uri", says(200, {"uri": uri}))
    with caplog.at_level(logging.DEBUG):
        secret = await client.connection_uri(P1, MAIN, database="shop", role="alex")
    assert secret.get_secret_value() == uri
    assert "pa55" not in caplog.text + repr(secret)
    asked = dict(script.requests[0].url.params)
    assert asked == {"branch_id": "br-main", "database_name": "shop", "role_name": "alex"}


async def test_the_clocks_are_compared_with_each_answer(script: ScriptedNeon, client: NeonClient) -> None:
    assert client.last_date_skew is None
    body = {"account_id": "org-1", "auth_method": "api_key_org"}
    script.on("GET /auth", says(200, body, Date="Fri, 20 Nov 2026 09:59:56 GMT"), says(200, body))
    await client.whoami()
    assert client.last_date_skew == timedelta(seconds=3.5)
    await client.whoami()
    assert client.last_date_skew == timedelta(seconds=3.5)


async def test_a_proxy_is_not_asked_for_a_neon_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = b'{"account_id": "org-1", "auth_method": "api_key_org"}'
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)
        writer.close()

    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with NeonClient(api_key=SecretStr(KEY), base_url=f"http://127.0.0.1:{port}/api/v2") as client:
        assert (await client.whoami()).id == "org-1"
    server.close()
    await server.wait_closed()


async def test_an_answer_that_trickles_in_for_ever_is_given_up() -> None:
    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        try:
            while not writer.is_closing():
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.01)
        except ConnectionError:
            pass

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    patience = Patience(connect=0.1, read_answer=0.1, unreachable=0.1, first_pause=0.001)
    async with NeonClient(
        api_key=SecretStr(KEY), base_url=f"http://127.0.0.1:{port}/api/v2", patience=patience
    ) as client:
        with pytest.raises(Unavailable):
            await asyncio.wait_for(client.whoami(), 5)
    server.close()
    await server.wait_closed()
