"""What a sandbox workspace is made of, as its creator says it: people, channels and the app's manifest.

Immutable. The living workspace is built from these in `world.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who can act in the workspace. `tz` is an IANA name; `role` is free text for whoever reads the state."""

    id: str
    name: str
    tz: str = "UTC"
    role: str = ""
    is_bot: bool = False
    deleted: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_stranger: bool = False


def handle(person: Person) -> str:
    """The short name Slack makes of a display name."""
    return person.name.lower().replace(" ", ".")


@dataclass(frozen=True, slots=True)
class ChannelSpec:
    """A channel as it is at the start. `members` are user ids; None means every person."""

    id: str
    name: str
    members: frozenset[str] | None = None
    bot_is_member: bool = True
    is_ext_shared: bool = False
    is_archived: bool = False
    is_private: bool = False


@dataclass(frozen=True, slots=True)
class SlashCommand:
    command: str
    description: str = ""
    usage_hint: str = ""
    should_escape: bool = False


@dataclass(frozen=True, slots=True)
class Manifest:
    """The part of an app manifest that changes how Slack treats the app."""

    name: str
    bot_name: str
    commands: Mapping[str, SlashCommand]
    scopes: frozenset[str]
    events: frozenset[str]
    home_enabled: bool
    is_interactive: bool

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> "Manifest":
        """Read a parsed manifest.yml (keys as in Slack's manifest schema 2.0.0); absent sections mean "not enabled"."""
        features, settings = raw.get("features", {}), raw.get("settings", {})
        name = str(raw.get("display_information", {}).get("name", "app"))
        commands = [
            SlashCommand(
                command=str(entry["command"]),
                description=str(entry.get("description", "")),
                usage_hint=str(entry.get("usage_hint", "")),
                should_escape=bool(entry.get("should_escape", False)),
            )
            for entry in features.get("slash_commands", [])
        ]
        return cls(
            name=name,
            bot_name=str(features.get("bot_user", {}).get("display_name", name)),
            commands={entry.command: entry for entry in commands},
            scopes=frozenset(_scopes(raw.get("oauth_config", {}).get("scopes", {}))),
            events=frozenset(settings.get("event_subscriptions", {}).get("bot_events", [])),
            home_enabled=bool(features.get("app_home", {}).get("home_tab_enabled", False)),
            is_interactive=bool(settings.get("interactivity", {}).get("is_enabled", False)),
        )


def _scopes(section: Mapping[str, Any]) -> Sequence[str]:
    return [*section.get("bot", []), *section.get("bot_optional", [])]
