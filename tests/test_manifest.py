"""manifest.yml asks Slack for what the code uses, and for nothing else."""

import ast
import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from slack_sdk.web.async_client import AsyncWebClient

from bot.doctor import SCOPES
from bot.slack.listeners import HOME_OPENED
from commands.grammar import BACKUP_USAGE, COMMANDS, RESTORE_USAGE
from tests.manifest_schema import MANIFEST_SCHEMA

Manifest = dict[str, Any]

ROOT = Path(__file__).parent.parent
SAID_WITH_A_COMMAND = "commands"

SCOPES_OF_METHODS: dict[str, frozenset[str]] = {
    "apps_connections_open": frozenset(),  # takes the app token, whose one scope is not in a manifest
    "auth_test": frozenset(),
    "chat_postEphemeral": frozenset({"chat:write"}),
    "chat_postMessage": frozenset({"chat:write"}),
    "chat_update": frozenset({"chat:write"}),
    "conversations_info": frozenset({"channels:read", "groups:read"}),
    "conversations_open": frozenset({"im:write"}),
    "users_info": frozenset({"users:read"}),
    "users_list": frozenset({"users:read"}),
    "views_open": frozenset(),
    "views_publish": frozenset(),
    "views_update": frozenset(),
}
"""Slack's methods the bot may call, and the bot scopes each page of docs.slack.dev/reference/methods asks for."""


@pytest.fixture
def manifest() -> Manifest:
    read: Manifest = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))
    return read


def complaints(manifest: Manifest) -> list[str]:
    return [error.message for error in Draft202012Validator(MANIFEST_SCHEMA).iter_errors(manifest)]


def methods_called() -> set[str]:
    """Every method of Slack's client that a module of the bot names."""
    offered = {name for name in dir(AsyncWebClient) if "_" in name.strip("_") and not name.startswith("_")}
    modules = [path for path in (ROOT / "bot").rglob("*.py") if "sandbox" not in path.relative_to(ROOT).parts]
    named = {
        node.attr
        for path in [*modules, *(ROOT / "commands").rglob("*.py")]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
    }
    return named & offered


def test_the_manifest_obeys_slacks_schema(manifest: Manifest) -> None:
    assert complaints(manifest) == []


def test_the_schema_is_itself_a_schema() -> None:
    Draft202012Validator.check_schema(MANIFEST_SCHEMA)


def test_the_commands_are_those_the_grammar_knows(manifest: Manifest) -> None:
    listed = [entry["command"] for entry in manifest["features"]["slash_commands"]]
    assert sorted(listed) == sorted(COMMANDS)


def test_the_usage_hints_say_what_the_grammar_says(manifest: Manifest) -> None:
    hints = {entry["command"]: entry["usage_hint"] for entry in manifest["features"]["slash_commands"]}
    for usage in (RESTORE_USAGE, BACKUP_USAGE):
        command, _, words = usage.partition(" ")
        assert hints[command].startswith(words)


def test_the_scopes_are_those_the_doctor_requires(manifest: Manifest) -> None:
    scopes = manifest["oauth_config"]["scopes"]
    assert set(scopes) == {"bot"}, "nothing acts as a person, and nothing is optional"
    assert sorted(scopes["bot"]) == sorted(SCOPES)


def test_the_scopes_are_those_the_codes_calls_need() -> None:
    called = methods_called()
    assert {"chat_postMessage", "users_info", "conversations_info"} <= called, "the calls are found at all"
    assert called <= set(SCOPES_OF_METHODS), "a new method: add its scopes here, then to the manifest"
    needed = frozenset().union(*(SCOPES_OF_METHODS[method] for method in called))
    assert needed | {SAID_WITH_A_COMMAND} == set(SCOPES)


def test_the_events_are_those_with_a_listener(manifest: Manifest) -> None:
    assert manifest["settings"]["event_subscriptions"] == {"bot_events": [HOME_OPENED]}
    assert manifest["features"]["app_home"]["home_tab_enabled"] is True


def test_everything_needed_without_a_public_url_is_switched_on(manifest: Manifest) -> None:
    settings = manifest["settings"]
    assert settings["socket_mode_enabled"] is True
    assert settings["interactivity"] == {"is_enabled": True}
    assert settings["token_rotation_enabled"] is False, "the bot reads its token once, at the start"


def paths_of_objects(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, dict):
        yield path
        for key, inner in value.items():
            yield from paths_of_objects(inner, (*path, key))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from paths_of_objects(inner, (*path, place))


def test_a_misspelt_key_anywhere_is_refused(manifest: Manifest) -> None:
    paths = list(paths_of_objects(manifest))
    assert len(paths) > 8
    for path in paths:
        spoilt: Any = copy.deepcopy(manifest)
        place = spoilt
        for step in path:
            place = place[step]
        place["socket_mode_enable"] = True
        assert complaints(spoilt), path


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda m: m.pop("display_information"), id="no display_information"),
        pytest.param(lambda m: m["display_information"].update(name="x" * 36), id="long name"),
        pytest.param(lambda m: m["display_information"].update(description="x" * 141), id="long description"),
        pytest.param(lambda m: m["display_information"].update(background_color="navy"), id="no colour"),
        pytest.param(lambda m: m["display_information"].update(long_description="x" * 174), id="short prose"),
        pytest.param(lambda m: m["features"]["bot_user"].pop("display_name"), id="nameless bot"),
        pytest.param(lambda m: m["features"]["slash_commands"].clear(), id="no commands"),
        pytest.param(lambda m: command(m).update(command="restore"), id="no slash"),
        pytest.param(lambda m: command(m).update(command="/" + "x" * 32), id="long command"),
        pytest.param(lambda m: command(m).update(usage_hint="x" * 1001), id="long hint"),
        pytest.param(lambda m: command(m).pop("description"), id="no description"),
        pytest.param(lambda m: command(m).update(should_escape="yes"), id="no flag"),
        pytest.param(lambda m: m["oauth_config"]["scopes"].update(bot="commands"), id="no list"),
        pytest.param(lambda m: m["oauth_config"]["scopes"]["bot"].append("commands"), id="a scope twice"),
        pytest.param(lambda m: m["settings"]["interactivity"].pop("is_enabled"), id="undecided"),
        pytest.param(lambda m: m["_metadata"].update(major_version=3), id="another version"),
    ],
)
def test_a_manifest_slack_would_refuse_is_refused(
    manifest: Manifest, spoil: Callable[[Manifest], object]
) -> None:
    spoil(manifest)
    assert len(complaints(manifest)) == 1


def command(manifest: Manifest) -> dict[str, Any]:
    entry: dict[str, Any] = manifest["features"]["slash_commands"][0]
    return entry
