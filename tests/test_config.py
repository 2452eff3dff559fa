"""Configuration: every mistake names file, key, value and what was expected; secrets stay unseen."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import NEON_API, SLACK_API, BadConfig, Settings, load
from bot.rules.ids import PersonId, TargetName
from bot.rules.target import Policy

SECRETS = {
    "NEON_API_KEY": "napi_do_not_show_me",
    "SLACK_BOT_TOKEN": "xoxb-do-not-show-me",
    "SLACK_APP_TOKEN": "xapp-do-not-show-me",
    "SLACK_SIGNING_SECRET": "0123456789abcdef-do-not-show-me",
}
PROD = """
[targets.prod]
project = "shiny-wind-028834"
branch = "br-wild-boat-648259"
database = "shop"
role = "shop_owner"
channel = "C012AB3CD"
"""


class Place:
    """A directory with a configuration in it, and the environment of whoever starts the bot there."""

    def __init__(self, directory: Path) -> None:
        self.file = directory / "safepoint.toml"
        self.environ = {**SECRETS, "SAFEPOINT_CONFIG": str(self.file)}

    def load(self, text: str, **environ: str | None) -> Settings:
        self.file.write_text(text, encoding="utf-8")
        changed = {**self.environ, **environ}
        return load({name: value for name, value in changed.items() if value is not None})

    def mistakes(self, text: str, **environ: str | None) -> list[str]:
        with pytest.raises(BadConfig) as caught:
            self.load(text, **environ)
        shown = str(caught.value) + repr(caught.value)
        assert [secret for secret in SECRETS.values() if secret in shown] == []
        return caught.value.mistakes

    def mistake(self, text: str, **environ: str | None) -> str:
        [mistake] = self.mistakes(text, **environ)
        return mistake


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def with_line(line: str) -> str:
    """The good configuration, with this line in the place of the one for the same key."""
    key = line.partition(" =")[0]
    kept = [old for old in PROD.splitlines() if not old.startswith(f"{key} =")]
    return "\n".join([*kept, line])


def test_the_least_there_can_be_gets_the_documented_defaults(place: Place) -> None:
    settings = place.load(PROD)
    assert list(settings.targets) == ["prod"]
    target = settings.targets[TargetName("prod")]
    assert (target.project, target.branch) == ("shiny-wind-028834", "br-wild-boat-648259")
    assert (target.database, target.role, target.channel) == ("shop", "shop_owner", "C012AB3CD")
    assert target.policy == Policy(
        operators=frozenset(),
        approvers=frozenset(),
        quorum=2,
        max_age=timedelta(hours=25),
        blind_grace=timedelta(minutes=10),
        request_lifetime=timedelta(minutes=30),
        branch_lifetime=timedelta(days=7),
    )
    assert settings.file.slack.mode == "socket"
    assert (settings.file.slack.host, settings.file.slack.port) == ("127.0.0.1", 3000)
    assert settings.file.watch.every == timedelta(minutes=5)
    assert (settings.environment.NEON_API_URL, settings.environment.SLACK_API_URL) == (NEON_API, SLACK_API)
    assert settings.state == Path("~/.local/state/safepoint").expanduser()


def test_everything_that_can_be_said_is_taken_over(place: Place) -> None:
    policy = """
operators = ["U01", "W02"]
approvers = ["U03"]
quorum = 1
max_age = "90m"
blind_grace = "45s"
request_lifetime = "2h"
branch_lifetime = "30d"
[slack]
mode = "http"
port = 8080
[watch]
every = "1s"
"""
    settings = place.load(PROD + policy, SAFEPOINT_STATE="/somewhere", SLACK_APP_TOKEN=None)
    assert settings.targets[TargetName("prod")].policy == Policy(
        operators=frozenset({PersonId("U01"), PersonId("W02")}),
        approvers=frozenset({PersonId("U03")}),
        quorum=1,
        max_age=timedelta(minutes=90),
        blind_grace=timedelta(seconds=45),
        request_lifetime=timedelta(hours=2),
        branch_lifetime=timedelta(days=30),
    )
    assert (settings.file.slack.mode, settings.file.slack.port) == ("http", 8080)
    assert settings.file.watch.every == timedelta(seconds=1)
    assert settings.state == Path("/somewhere")


def test_variables_of_other_programs_do_not_matter(place: Place) -> None:
    assert place.load(PROD, PATH="/usr/bin", SLACK_WEBHOOK="x", NEON_PROJECT="y").targets


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('project = "Shiny Wind"', ("project = 'Shiny Wind'", "shiny-wind-028834")),
        ('branch = "main"', ("branch = 'main'", "br-wild-boat-648259")),
        ("branch = 7", ("branch = 7", "string")),
        ('database = ""', ("database = ''", "at least 1 character")),
        ('role = ""', ("role = ''", "at least 1 character")),
        ('channel = "#incidents"', ("channel = '#incidents'", "C012AB3CD")),
        ('operators = ["dana"]', ("operators.0 = 'dana'", "U012AB3CD")),
        ('approvers = ["U01", "@mei"]', ("approvers.1 = '@mei'", "U012AB3CD")),
        ('operators = "U01"', ("operators = 'U01'", "tuple")),
        ("quorum = 0", ("quorum = 0", "greater than or equal to 1")),
        ("quorum = 21", ("quorum = 21", "less than or equal to 20")),
        ('quorum = "two"', ("quorum = 'two'", "integer")),
        ("max_age = 25", ("max_age = 25", '"25h"')),
        ('max_age = "a day"', ("max_age = 'a day'", '"25h"')),
        ('blind_grace = "-5m"', ("blind_grace = '-5m'", '"30m"')),
        ('request_lifetime = "5 weeks"', ("request_lifetime = '5 weeks'", '"7d"')),
        ('branch_lifetime = "31d"', ("branch_lifetime = '31d'", '"30d"')),
        ('max_aeg = "25h"', ("max_aeg = '25h'", "no such key")),
    ],
)
def test_a_mistake_in_a_target_names_file_key_value_and_expectation(
    place: Place, line: str, told: tuple[str, str]
) -> None:
    mistake = place.mistake(with_line(line))
    value, expectation = told
    assert mistake.startswith(f"{place.file}: targets.prod.{value}: expected ")
    assert expectation in mistake.partition(": expected ")[2]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[slack]\nmode = "rtm"', ("slack.mode = 'rtm'", "'socket' or 'http'")),
        ("[slack]\nport = 0", ("slack.port = 0", "greater than or equal to 1")),
        ("[slack]\nport = 65536", ("slack.port = 65536", "less than or equal to 65535")),
        ('[slack]\ntoken = "x"', ("slack.token = 'x'", "no such key")),
        ('[watch]\nevery = "0s"', ("watch.every = '0s'", '"1s"')),
        ('[watch]\nevery = "soon"', ("watch.every = 'soon'", '"90s"')),
        ('[watcher]\nevery = "5m"', ("watcher = {'every': '5m'}", "no such key")),
    ],
)
def test_a_mistake_elsewhere_in_the_file_is_told_the_same_way(
    place: Place, text: str, told: tuple[str, str]
) -> None:
    mistake = place.mistake(f"{PROD}\n{text}")
    value, expectation = told
    assert mistake.startswith(f"{place.file}: {value}: expected ")
    assert expectation in mistake


def test_a_duration_of_more_days_than_there_are_is_a_mistake_like_any_other(place: Place) -> None:
    assert "expected a duration" in place.mistake(with_line('max_age = "9999999999d"'))


def test_a_token_put_into_the_file_is_not_repeated(place: Place) -> None:
    mistakes = place.mistakes(f'{PROD}\n[slack]\nbot_token = "{SECRETS["SLACK_BOT_TOKEN"]}"')
    assert "slack.bot_token" in mistakes[0]


@pytest.mark.parametrize("key", ["project", "branch", "database", "role", "channel"])
def test_a_target_without_a_key_it_needs_says_what_belongs_there(place: Place, key: str) -> None:
    text = "\n".join(line for line in PROD.splitlines() if not line.startswith(f"{key} ="))
    mistake = place.mistake(text)
    assert mistake.startswith(f"{place.file}: targets.prod.{key}: missing; expected the ")


def test_a_file_without_targets_says_how_to_name_one(place: Place) -> None:
    assert place.mistake("") == f"{place.file}: targets: missing; expected at least one [targets.NAME] table"
    assert "targets = {}" in place.mistake("[targets]")


def test_a_targets_name_people_could_not_type_is_refused(place: Place) -> None:
    mistake = place.mistake(PROD.replace("targets.prod", 'targets."Prod DB"'))
    assert "Prod DB" in mistake and "lower-case letters" in mistake


@pytest.mark.parametrize("name", ["NEON_API_KEY", "SLACK_BOT_TOKEN"])
def test_a_missing_secret_is_told_by_its_name(place: Place, name: str) -> None:
    assert place.mistake(PROD, **{name: None}).startswith(f"environment: {name}: missing; expected ")


@pytest.mark.parametrize(("mode", "name"), [("socket", "SLACK_APP_TOKEN"), ("http", "SLACK_SIGNING_SECRET")])
@pytest.mark.parametrize("value", [None, ""])
def test_each_mode_asks_for_its_own_secret(place: Place, mode: str, name: str, value: str | None) -> None:
    text = f'{PROD}\n[slack]\nmode = "{mode}"'
    assert place.mistake(text, **{name: value}).startswith(f"environment: {name}: missing; expected the app")


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_a_mode_does_not_ask_for_the_other_modes_secret(place: Place, name: str) -> None:
    other = {"SLACK_APP_TOKEN": "http", "SLACK_SIGNING_SECRET": "socket"}.get(name)
    if other is not None:
        assert place.load(f'{PROD}\n[slack]\nmode = "{other}"', **{name: None}).file.slack.mode == other


def test_an_empty_bot_token_is_refused_without_showing_a_value(place: Place) -> None:
    assert "SLACK_BOT_TOKEN = (not shown)" in place.mistake(PROD, SLACK_BOT_TOKEN="")


def test_all_mistakes_are_told_at_once(place: Place) -> None:
    text = (
        PROD.replace("br-wild-boat-648259", "main")
        + 'quorum = 0\nmax_age = "long"\n[slack]\nmode = "rtm"\n'
        + '[targets.test]\nproject = "p"\n'
    )
    mistakes = place.mistakes(text, NEON_API_KEY=None, SLACK_BOT_TOKEN=None)
    keys = [mistake.split(": ")[1].partition(" =")[0] for mistake in mistakes]
    assert sorted(keys) == sorted(
        ["NEON_API_KEY", "SLACK_BOT_TOKEN", "slack.mode"]
        + [f"targets.prod.{key}" for key in ("branch", "quorum", "max_age")]
        + [f"targets.test.{key}" for key in ("branch", "database", "role", "channel")]
    )


def test_a_file_that_is_not_there_is_named(place: Place) -> None:
    with pytest.raises(BadConfig) as caught:
        load(place.environ)
    assert caught.value.mistakes == [
        f"{place.file}: not found; expected the configuration, or its path in SAFEPOINT_CONFIG"
    ]


def test_a_file_that_is_no_toml_is_told_with_its_line(place: Place) -> None:
    mistake = place.mistake("[targets.prod\n")
    assert mistake.startswith(f"{place.file}: ") and "line 1" in mistake and mistake.endswith("expected TOML")


def test_a_file_that_is_no_text_is_told(place: Place) -> None:
    place.file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadConfig, match="UTF-8"):
        load(place.environ)


def test_a_directory_in_the_files_place_is_told(place: Place) -> None:
    place.file.mkdir()
    with pytest.raises(BadConfig, match="cannot be read"):
        load(place.environ)


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_settings_never_show_a_secret(place: Place, name: str) -> None:
    settings = place.load(PROD)
    assert SECRETS[name] not in repr(settings) + str(settings.environment)


@given(
    junk=st.dictionaries(
        st.sampled_from([*SECRETS, "NEON_API_URL", "SAFEPOINT_CONFIG", "SAFEPOINT_STATE"]),
        st.text(st.characters(blacklist_characters="\0"), max_size=30),
        max_size=4,
    )
)
def test_no_environment_makes_loading_fail_in_another_way(junk: Mapping[str, str]) -> None:
    try:
        load({**SECRETS, "SAFEPOINT_CONFIG": "/no/such/file", **junk})
    except BadConfig as error:
        assert error.mistakes and all(error.mistakes)
