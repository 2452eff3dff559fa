"""One thing wrong with Slack at a time; each check is brought into every state it can have."""

from dataclasses import replace

import pytest
from aiohttp import web
from pydantic import SecretStr
from slack_sdk.web.async_client import AsyncWebClient

from bot.doctor import SCOPES, State, examine_slack
from bot.doctor.slack import judge_channel, judge_scopes
from bot.rules.ids import ChannelId, PersonId, TargetName
from bot.sandbox.slack import SandboxSlack
from tests.doctor.worlds import (
    ALI,
    ANNA,
    FAILED,
    GONE,
    GUEST,
    NOBODY,
    OK,
    OLGA,
    OMAR,
    ROBOT,
    STRANGER,
    TARGET,
    WARNING,
    fault,
    slack_findings,
    with_policy,
    workspace,
)


async def test_a_slack_in_which_all_is_well_has_nothing_to_hint_at(slack: SandboxSlack) -> None:
    found = await slack_findings(slack)
    assert found.not_ok() == {}
    names = {"Slack bot token", "Slack scopes", "Slack app token"}
    assert names | {"prod: channel", "prod: operators", "prod: approvers"} == set(found.names)
    assert found["prod: channel"].detail == "#ops"


@pytest.mark.parametrize("token", ["xoxb-not-this-one", ""])
async def test_a_wrong_bot_token_fails_and_leaves_what_needs_it_unlooked_at(
    slack: SandboxSlack, token: str
) -> None:
    found = await slack_findings(slack, bot_token=token)
    assert found.not_ok() == {"Slack bot token": FAILED, "channels and people": WARNING}
    assert found["Slack app token"].state is OK


async def test_the_app_token_in_the_bot_tokens_place_is_told_apart(slack: SandboxSlack) -> None:
    found = await slack_findings(slack, bot_token=slack.app_token, app_token=slack.bot_token)
    assert found["Slack bot token"].state is found["Slack app token"].state is FAILED
    assert "SLACK_BOT_TOKEN is xoxb-…" in found["Slack bot token"].hint


async def test_a_wrong_app_token_fails_alone(slack: SandboxSlack) -> None:
    found = await slack_findings(slack, app_token="xapp-not-this-one")
    assert found.not_ok() == {"Slack app token": FAILED}
    assert "invalid_auth" in found["Slack app token"].detail


async def test_over_http_the_signing_secret_has_to_be_there_and_the_app_token_does_not(
    slack: SandboxSlack,
) -> None:
    found = await slack_findings(slack, mode="http", app_token="")
    assert found.not_ok() == {} and "Slack app token" not in found
    assert (await slack_findings(slack, mode="http", signing_secret="")).not_ok() == {
        "Slack signing secret": FAILED
    }


async def test_a_missing_scope_fails_and_the_hint_is_to_reinstall() -> None:
    async with workspace(without=frozenset({"im:write"})) as slack:
        found = await slack_findings(slack)
    assert found.not_ok() == {"Slack scopes": FAILED}
    assert "reinstall" in found["Slack scopes"].hint


@pytest.mark.parametrize("scope", sorted(SCOPES))
def test_each_missing_scope_is_named_with_what_it_is_for(scope: str) -> None:
    found = judge_scopes(",".join(set(SCOPES) - {scope}))
    assert (found.state, found.detail) == (FAILED, f"{scope} is missing, needed {SCOPES[scope]}")


async def test_without_users_read_nobody_is_called_unknown() -> None:
    async with workspace(without=frozenset({"users:read"})) as slack:
        found = await slack_findings(slack)
    assert found.not_ok() == {"Slack scopes": FAILED, "people": FAILED}
    assert "missing_scope, users:read" in found["people"].detail


def test_scopes_slack_does_not_tell_are_a_warning_and_none_at_all_a_failure() -> None:
    assert judge_scopes(None).state is WARNING and "cannot tell" in judge_scopes(None).detail
    assert judge_scopes("").state is FAILED
    assert judge_scopes(", ".join([*SCOPES, "files:read"])).state is OK


@pytest.mark.parametrize(
    ("channel", "state", "words"),
    [
        ("C0VAULT", OK, "#vault"),
        ("C0OLD", FAILED, "#old is archived"),
        ("C0ELSEWHERE", FAILED, "the bot is not in #elsewhere"),
        ("C0SECRET", FAILED, "does not find it"),
        ("C0NOWHERE", FAILED, "does not find it"),
        ("C0SHARED", WARNING, "people from another organisation read #shared"),
    ],
)
async def test_a_targets_channel_is_looked_at(
    slack: SandboxSlack, channel: str, state: State, words: str
) -> None:
    found = (await slack_findings(slack, replace(TARGET, channel=ChannelId(channel))))["prod: channel"]
    assert (found.state, words in found.detail) == (state, True)


async def test_a_bad_channel_does_not_hide_those_of_other_targets(slack: SandboxSlack) -> None:
    lost = replace(TARGET, name=TargetName("lost"), channel=ChannelId("C0NOWHERE"))
    found = await slack_findings(slack, lost, TARGET)
    assert found.not_ok() == {"lost: channel": FAILED}
    assert "[targets.lost]" in found["lost: channel"].hint


@pytest.mark.parametrize("gone", ["is_archived", "is_member", "is_ext_shared"])
def test_a_channel_of_which_slack_does_not_tell_all_is_never_ok(gone: str) -> None:
    told = {"name": "ops", "is_archived": False, "is_member": True, "is_ext_shared": False}
    assert judge_channel("channel", told).state is OK
    assert (
        judge_channel("channel", {key: value for key, value in told.items() if key != gone}).state is not OK
    )


@pytest.mark.parametrize(
    ("id_", "words"),
    [
        (NOBODY, "unknown to Slack"),
        (GUEST, "a guest"),
        (STRANGER, "from another organisation"),
        (GONE, "deactivated"),
        (ROBOT, "a bot"),
    ],
)
async def test_people_who_may_not_act_are_named_with_the_reason(
    slack: SandboxSlack, id_: PersonId, words: str
) -> None:
    target = with_policy(operators=frozenset({OLGA, id_}), approvers=frozenset({ANNA, ALI, id_}))
    found = await slack_findings(slack, target)
    assert found.not_ok() == {"prod: operators": WARNING, "prod: approvers": WARNING}
    assert f"{id_} is {words}" in found["prod: operators"].detail


@pytest.mark.parametrize(("role", "words"), [("operators", "ask for a restore"), ("approvers", "approve")])
async def test_an_empty_list_is_a_warning_that_nobody_may(slack: SandboxSlack, role: str, words: str) -> None:
    found = await slack_findings(slack, with_policy(**{role: frozenset()}))
    assert found.not_ok() == {f"prod: {role}": WARNING}
    assert f"nobody may {words}" in found[f"prod: {role}"].detail


async def test_a_list_of_people_none_of_whom_may_act_fails(slack: SandboxSlack) -> None:
    unable = frozenset({GUEST, GONE})
    found = await slack_findings(slack, with_policy(operators=unable, approvers=unable))
    assert found.not_ok() == {"prod: operators": FAILED, "prod: approvers": FAILED}


@pytest.mark.parametrize(
    ("approvers", "quorum", "state", "words"),
    [
        ({ANNA, ALI}, 2, OK, "2 people, 2 needed"),
        ({ANNA}, 1, OK, "1 person, 1 needed"),
        ({ANNA, ALI}, 3, FAILED, "too few to ever reach 3"),
        ({ANNA, OLGA}, 2, WARNING, f"too few for 2 votes when {OLGA} asks"),
        ({OLGA, OMAR}, 2, FAILED, "too few to ever reach 2"),
        ({ANNA, GUEST}, 2, FAILED, "too few to ever reach 2"),
    ],
)
async def test_the_quorum_must_be_within_reach_of_the_others(
    slack: SandboxSlack, approvers: set[PersonId], quorum: int, state: State, words: str
) -> None:
    found = await slack_findings(slack, with_policy(approvers=frozenset(approvers), quorum=quorum))
    assert (found["prod: approvers"].state, words in found["prod: approvers"].detail) == (state, True)


@pytest.mark.parametrize(
    ("name", "method", "check"),
    [
        ("503", "auth.test", "Slack bot token"),
        ("truncate", "apps.connections.open", "Slack app token"),
        ("html_524", "conversations.info", "prod: channel"),
        ("cut_before", "users.info", "people"),
        ("429", "users.info", "people"),
        ("503", "conversations.info", "prod: channel"),
    ],
)
async def test_a_slack_in_trouble_fails_one_check_and_no_other(
    slack: SandboxSlack, name: str, method: str, check: str
) -> None:
    await fault(slack, name, method)
    found = await slack_findings(slack)
    skipped = {"channels and people": WARNING} if check == "Slack bot token" else {}
    assert found.not_ok() == {check: FAILED, **skipped}


async def test_an_answer_that_is_no_json_at_all_is_a_failure_with_a_hint() -> None:
    async def page(_request: web.Request) -> web.Response:
        return web.Response(status=502, text="<html>", content_type="application/json")

    application = web.Application()
    application.router.add_route("*", "/{method}", page)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        slack = AsyncWebClient(
            "xoxb-1", base_url=f"http://127.0.0.1:{runner.addresses[0][1]}/", retry_handlers=[]
        )
        token = SecretStr("xapp-1")
        found = await examine_slack(slack, {}, mode="socket", app_token=token, signing_secret=token)
    finally:
        await runner.cleanup()
    assert [finding.state for finding in found] == [FAILED, FAILED, WARNING]
    assert "unreadable" in found[0].detail
