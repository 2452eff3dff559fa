"""Configuration: `safepoint.toml` and the environment, checked once at the start.

The file says which targets there are and who may do what; secrets come from the environment alone. Every mistake names
file, key, value and what was expected, all of them at once; the value of a secret is never repeated.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    model_validator,
)

from bot.rules.ids import BranchId, ChannelId, PersonId, ProjectId, TargetName
from bot.rules.target import Policy, Target

CONFIG_FILE = "safepoint.toml"
NEON_API = "https://console.neon.tech/api/v2"
SLACK_API = "https://slack.com/api/"

_DURATION = re.compile(r"(\d+)\s*(s|m|h|d)")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
SHORTEST_SECRET = 20
LONGEST = timedelta(days=3650)
_SECRET_KEYS = frozenset({"NEON_API_KEY", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"})


class BadConfig(Exception):
    """One line per mistake, each naming file, key, value and what was expected."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


def _duration(value: object) -> timedelta:
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('a duration such as "90s", "30m", "25h" or "7d"')
    seconds = int(match[1]) * _UNITS[match[2]]
    if seconds > LONGEST.total_seconds():
        raise ValueError("a duration of at most 3650 days")
    return timedelta(seconds=seconds)


def _at_least_a_second(duration: timedelta) -> timedelta:
    if duration < timedelta(seconds=1):
        raise ValueError('a duration of at least "1s"')
    return duration


def _at_most_a_month(duration: timedelta) -> timedelta:
    """Neon lets a branch expire at most 30 days ahead (docs, branch expiration)."""
    if duration > timedelta(days=30):
        raise ValueError('a duration of at most "30d", the longest Neon allows')
    return duration


Duration = Annotated[timedelta, BeforeValidator(_duration), AfterValidator(_at_least_a_second)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
SlackPerson = Annotated[str, StringConstraints(pattern=r"^[UW][A-Z0-9]+$")]
SlackChannel = Annotated[str, StringConstraints(pattern=r"^[CG][A-Z0-9]+$")]
NeonId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,60}$")]
NeonBranchId = Annotated[str, StringConstraints(pattern=r"^br-[a-z0-9-]{1,57}$")]


Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+")]


def _not_blank(key: SecretStr) -> SecretStr:
    if not key.get_secret_value().strip():
        raise ValueError("a key; it is blank")
    return key


Key = Annotated[SecretStr, AfterValidator(_not_blank)]


class _Checked(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TargetTable(_Checked):
    """`[targets.NAME]`."""

    project: NeonId
    branch: NeonBranchId
    database: Annotated[str, StringConstraints(min_length=1)]
    role: Annotated[str, StringConstraints(min_length=1)]
    channel: SlackChannel
    operators: tuple[SlackPerson, ...] = ()
    approvers: tuple[SlackPerson, ...] = ()
    quorum: Annotated[int, Field(ge=1, le=20)] = 2
    max_age: Duration = timedelta(hours=25)
    blind_grace: Duration = timedelta(minutes=10)
    request_lifetime: Duration = timedelta(minutes=30)
    branch_lifetime: Annotated[Duration, AfterValidator(_at_most_a_month)] = timedelta(days=7)


class SlackTable(_Checked):
    """`[slack]`. `http` needs a public URL that forwards to `host`:`port`; `socket` needs none."""

    mode: Literal["socket", "http"] = "socket"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 3000


class WatchTable(_Checked):
    """`[watch]`: how often freshness is looked at."""

    every: Duration = timedelta(minutes=5)


class File(_Checked):
    slack: SlackTable = SlackTable()
    watch: WatchTable = WatchTable()
    targets: Annotated[dict[Name, TargetTable], Field(min_length=1)]


class Environment(_Checked):
    """The variables Safepoint reads; nothing else in the environment matters to it."""

    NEON_API_KEY: Key
    NEON_API_URL: Url = NEON_API
    SLACK_BOT_TOKEN: Key
    SLACK_APP_TOKEN: SecretStr = SecretStr("")
    SLACK_SIGNING_SECRET: SecretStr = SecretStr("")
    SLACK_API_URL: Url = SLACK_API
    SAFEPOINT_CONFIG: Path = Path(CONFIG_FILE)
    SAFEPOINT_STATE: Path = Path("~/.local/state/safepoint")

    @model_validator(mode="before")
    @classmethod
    def _only_ours(cls, found: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in found.items() if name in cls.model_fields}


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the bot is told from outside. `state` is the directory that is its own alone."""

    environment: Environment
    file: File
    targets: Mapping[TargetName, Target]
    state: Path


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read and check everything. Raises BadConfig with every mistake found."""
    mistakes: list[str] = []
    environment = _checked(Environment, dict(environ), "environment", mistakes)
    path = Path(environ.get("SAFEPOINT_CONFIG", CONFIG_FILE)).expanduser()
    file = _checked(File, _toml(path, mistakes), str(path), mistakes)
    if environment is not None and file is not None:
        mistakes += _missing_for(file.slack.mode, environment)
    if mistakes or environment is None or file is None:
        raise BadConfig(mistakes)
    targets = {TargetName(name): _target(name, table) for name, table in file.targets.items()}
    return Settings(environment, file, targets, environment.SAFEPOINT_STATE.expanduser())


def _toml(path: Path, mistakes: list[str]) -> dict[str, Any] | None:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        mistakes.append(f"{path}: not found; expected the configuration, or its path in SAFEPOINT_CONFIG")
    except tomllib.TOMLDecodeError as error:
        mistakes.append(f"{path}: {error}; expected TOML")
    except (OSError, ValueError) as error:  # ValueError: a name or a text that is not UTF-8
        mistakes.append(f"{path}: cannot be read ({type(error).__name__}); expected a UTF-8 text file")
    return None


def _checked(kind: type[Any], found: dict[str, Any] | None, where: str, mistakes: list[str]) -> Any:
    if found is None:
        return None
    try:
        return kind.model_validate(found)
    except ValidationError as error:
        mistakes += [_mistake(where, details) for details in error.errors()]
        return None


def _mistake(where: str, details: Any) -> str:
    key = ".".join(str(part) for part in details["loc"])
    expected = _EXPECTED.get(details["type"], _said(details["msg"]))
    if details["type"] == "string_pattern_mismatch":
        expected = f"text like {_EXAMPLES.get(details['ctx']['pattern'], details['ctx']['pattern'])}"
    if details["type"] == "missing":
        return f"{where}: {key}: missing; expected {_WANTED.get(key.rpartition('.')[2], 'a value')}"
    value = "(not shown)" if _may_be_secret(key, details) else repr(details["input"])
    return f"{where}: {key} = {value}: expected {expected}"


def _may_be_secret(key: str, details: Any) -> bool:
    """A secret's own variable, or a key we do not know whose value is as long as a token put in the wrong place."""
    unknown = details["type"] == "extra_forbidden"
    return key in _SECRET_KEYS or (unknown and len(repr(details["input"])) > SHORTEST_SECRET)


def _said(message: str) -> str:
    """pydantic's message as the end of "expected …"."""
    return message.removeprefix("Value error, ").replace("Input should be ", "")


_EXPECTED = {"extra_forbidden": "no such key; check its spelling and table"}
_EXAMPLES = {
    r"^[UW][A-Z0-9]+$": "U012AB3CD, a Slack user id (profile, ⋮, Copy member ID)",
    r"^[CG][A-Z0-9]+$": "C012AB3CD, a Slack channel id (channel details, at the bottom)",
    r"^br-[a-z0-9-]{1,57}$": "br-wild-boat-648259, the branch's id in Neon's console",
    r"^[a-z0-9-]{1,60}$": "shiny-wind-028834, the project's id in Neon's console",
    r"^https?://[^\s/]+": "https://console.neon.tech/api/v2",
    r"^[a-z0-9][a-z0-9_-]{0,39}$": "prod: lower-case letters, digits, - and _",
}
_WANTED = {
    "NEON_API_KEY": "a Neon API key, best one that is limited to the project",
    "SLACK_BOT_TOKEN": "the app's bot token, xoxb-…",
    "targets": "at least one [targets.NAME] table",
    "project": "the Neon project's id",
    "branch": "the Neon branch's id, br-…",
    "database": "the database's name",
    "role": "the Postgres role to look with",
    "channel": "the id of the channel that hears about this target",
}


def _missing_for(mode: str, environment: Environment) -> list[str]:
    needed = {
        "socket": ("SLACK_APP_TOKEN", "the app-level token, xapp-…, for Socket Mode"),
        "http": ("SLACK_SIGNING_SECRET", "the app's signing secret, for HTTP mode"),
    }
    name, what = needed[mode]
    value: SecretStr = getattr(environment, name)
    return [] if value.get_secret_value() else [f"environment: {name}: missing; expected {what}"]


def _target(name: str, table: TargetTable) -> Target:
    return Target(
        name=TargetName(name),
        project=ProjectId(table.project),
        branch=BranchId(table.branch),
        database=table.database,
        role=table.role,
        channel=ChannelId(table.channel),
        policy=Policy(
            operators=frozenset(PersonId(person) for person in table.operators),
            approvers=frozenset(PersonId(person) for person in table.approvers),
            quorum=table.quorum,
            max_age=table.max_age,
            blind_grace=table.blind_grace,
            request_lifetime=table.request_lifetime,
            branch_lifetime=table.branch_lifetime,
        ),
    )
