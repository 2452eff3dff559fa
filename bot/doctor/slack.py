"""The Slack half: tokens, scopes, channels, people.

`SCOPES` is what the bot token must be allowed to do; a test holds it, manifest.yml and the calls in the code to each
other. Who may do what is decided in `bot/rules/target.py`, and only asked here.
"""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import SecretStr
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.doctor.findings import Finding, Flaw, Notes, State, judged
from bot.rules.ids import PersonId, TargetName
from bot.rules.target import Person, Policy, Target, possible_approvers
from bot.slack.directory import person_of
from bot.slack.failures import code_of

SCOPES: Mapping[str, str] = {
    "channels:read": "to see whether a target's channel is there, and internal",
    "chat:write": "to post and edit cards",
    "commands": "to be given /restore and /backup",
    "groups:read": "to see the same of private channels",
    "im:write": "to answer a person directly",
    "users:read": "to know full members from guests and bots",
}

_UNKNOWN_PERSON = frozenset({"user_not_found", "user_not_visible", "users_not_found"})


async def examine_slack(
    slack: AsyncWebClient,
    targets: Mapping[TargetName, Target],
    *,
    mode: Literal["socket", "http"],
    app_token: SecretStr,
    signing_secret: SecretStr,
) -> list[Finding]:
    """Tokens, scopes, channels and people."""
    notes = Notes()
    team = await _bot_token(notes, slack)
    await _way_in(notes, slack, mode, app_token, signing_secret)
    if team is None:
        notes.skip("channels and people", "Slack did not accept the bot token")
        return notes.findings
    for target in targets.values():
        await _channel(notes, slack, target)
    people = await notes.ask("people", _look_up(slack, team, targets))
    if people is not None:
        for target in targets.values():
            notes.findings.extend(judge_people(target, people))
    return notes.findings


async def _bot_token(notes: Notes, slack: AsyncWebClient) -> str | None:
    """The workspace's id; None unless Slack accepts the token."""
    name = "Slack bot token"
    answer = await notes.ask(name, slack.auth_test())
    if answer is None:
        return None
    flaw = Flaw(State.FAILED, "this is a person's token", "Take the Bot User OAuth Token, xoxb-….")
    flaws = [] if answer.get("bot_id") else [flaw]
    notes.findings.append(judged(name, f"{answer.get('user')} in {answer.get('team')}", flaws))
    notes.findings.append(judge_scopes(answer.headers.get("x-oauth-scopes")))
    return str(answer["team_id"])


async def _way_in(
    notes: Notes, slack: AsyncWebClient, mode: str, app_token: SecretStr, signing_secret: SecretStr
) -> None:
    """How Slack reaches the bot. The address got here is never dialled, and lapses."""
    if mode == "socket":
        name, token = "Slack app token", app_token.get_secret_value()
        opened = await notes.ask(name, slack.apps_connections_open(app_token=token))
        if opened is not None:
            flaw = Flaw(
                State.FAILED, "Slack gave no address to connect to", "Enable Socket Mode for the app."
            )
            notes.findings.append(judged(name, "opens Socket Mode", [] if opened.get("url") else [flaw]))
        return
    flaw = Flaw(State.FAILED, "not set", "Put the app's signing secret into SLACK_SIGNING_SECRET.")
    seen = "set; only a delivery from Slack shows whether it is the right one"
    flaws = [] if signing_secret.get_secret_value() else [flaw]
    notes.findings.append(judged("Slack signing secret", seen, flaws))


async def _channel(notes: Notes, slack: AsyncWebClient, target: Target) -> None:
    name = f"{target.name}: channel"
    missing = (
        f"Check `channel` of [targets.{target.name}]; into a private channel the app must be invited first."
    )
    answer = await notes.ask(name, slack.conversations_info(channel=target.channel), missing=missing)
    if answer is not None:
        notes.findings.append(judge_channel(name, answer.get("channel") or {}))


async def _look_up(
    slack: AsyncWebClient, team: str, targets: Mapping[TargetName, Target]
) -> dict[PersonId, Person]:
    """Everybody a policy lists, as far as Slack knows them."""
    people: dict[PersonId, Person] = {}
    for id_ in sorted(
        {id_ for target in targets.values() for id_ in target.policy.operators | target.policy.approvers}
    ):
        try:
            people[id_] = person_of((await slack.users_info(user=id_))["user"], team)
        except SlackApiError as error:
            if code_of(error) not in _UNKNOWN_PERSON:
                raise
    return people


def judge_scopes(header: str | None) -> Finding:
    """`header` is the `x-oauth-scopes` of an answer to the bot token: scopes and commas."""
    name = "Slack scopes"
    if header is None:
        hint = f"Compare the app's scopes by hand: {', '.join(SCOPES)}."
        return Finding(name, State.WARNING, "cannot tell: Slack did not say which the token has", hint)
    granted = {scope.strip() for scope in header.split(",")}
    hint = "Put manifest.yml into the app's settings again and reinstall the app to the workspace."
    missing = [(scope, why) for scope, why in SCOPES.items() if scope not in granted]
    return judged(
        name,
        f"all {len(SCOPES)} there",
        [Flaw(State.FAILED, f"{scope} is missing, needed {why}", hint) for scope, why in missing],
    )


def judge_channel(name: str, channel: Mapping[str, Any]) -> Finding:
    """`channel` is Slack's conversation object; a field that is absent is a flaw like a bad one."""
    shown, flaws = f"#{channel.get('name')}", []
    if channel.get("is_archived") is not False:
        flaws.append(Flaw(State.FAILED, f"{shown} is archived", "Unarchive it, or name another channel."))
    if channel.get("is_member") is not True:
        flaws.append(
            Flaw(State.FAILED, f"the bot is not in {shown}", "Type `/invite @Safepoint` in the channel.")
        )
    if channel.get("is_ext_shared") is not False:
        hint = "Use a channel of your own: previews tell table names and row counts."
        flaws.append(Flaw(State.WARNING, f"people from another organisation read {shown}", hint))
    return judged(name, shown, flaws)


def judge_people(target: Target, people: Mapping[PersonId, Person]) -> list[Finding]:
    """`people` are those of the policy whom Slack knows."""
    policy = target.policy
    usable = Policy(
        operators=_members(policy.operators, people),
        approvers=_members(policy.approvers, people),
        quorum=policy.quorum,
    )
    operators, approvers = f"{target.name}: operators", f"{target.name}: approvers"
    nobody = "nobody may ask for a restore or take a backup"
    unable = "nobody may approve, so nothing can be restored in place"
    return [
        judged(operators, _count(usable.operators), _listing(policy.operators, people, nobody)),
        judged(
            approvers,
            f"{_count(usable.approvers)}, {policy.quorum} needed",
            [*_listing(policy.approvers, people, unable), *_quorum(target, usable)],
        ),
    ]


def _members(listed: frozenset[PersonId], people: Mapping[PersonId, Person]) -> frozenset[PersonId]:
    return frozenset(id_ for id_ in listed if id_ in people and people[id_].is_full_member)


def _listing(listed: frozenset[PersonId], people: Mapping[PersonId, Person], nobody: str) -> list[Flaw]:
    """What is wrong with one list of a policy."""
    if not listed:
        return [Flaw(State.WARNING, f"the list is empty: {nobody}", "Add Slack user ids to it.")]
    members = _members(listed, people)
    hint = "Take people off the list who left or are no full members, and check the ids."
    flaws = [] if members else [Flaw(State.FAILED, nobody, hint)]
    for id_ in sorted(listed - members):
        flaws.append(Flaw(State.WARNING, f"{id_} is {_why_not(people.get(id_))}", hint))
    return flaws


def _quorum(target: Target, usable: Policy) -> list[Flaw]:
    """Votes of the one who asked do not count, so whoever asks needs enough others."""
    if not usable.approvers:
        return []
    askers = [frozenset({asker}) for asker in sorted(usable.operators)] or [frozenset[PersonId]()]
    stuck = [asker for asker in askers if possible_approvers(usable, involved=asker) < usable.quorum]
    hint = f"Add approvers, or lower `quorum` of [targets.{target.name}]."
    if len(stuck) == len(askers):
        return [Flaw(State.FAILED, f"too few to ever reach {usable.quorum} votes", hint)]
    return [
        Flaw(State.WARNING, f"too few for {usable.quorum} votes when {', '.join(asker)} asks", hint)
        for asker in stuck
    ]


def _why_not(person: Person | None) -> str:
    if person is None:
        return "unknown to Slack"
    reasons = {
        "a bot": person.is_bot,
        "deactivated": person.is_deactivated,
        "a guest": person.is_guest,
        "from another organisation": person.is_stranger,
    }
    return " and ".join(reason for reason, applies in reasons.items() if applies)


def _count(people: frozenset[PersonId]) -> str:
    return f"{len(people)} {'person' if len(people) == 1 else 'people'}"
