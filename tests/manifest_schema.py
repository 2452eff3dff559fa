"""Slack's rules for an app manifest, as far as ours uses it, as a strict JSON schema.

Slack publishes the whole schema (github.com/slackapi/manifest-schema, schemas/manifest.schema.2.0.0.json, the newest
one); every limit and pattern below is from there, under the section that the name here repeats. Sections Safepoint has
no use for (functions, workflows, datastores, unfurls, shortcuts, assistant, incoming webhooks, MCP …) are left out on
purpose: a manifest that begins to use one has to extend this first. As in Slack's schema, an unknown key is an error.

Three rules are stricter than Slack's: `_metadata` pins version 2, since that is what these rules describe; a URL is
never plain HTTP; no list says a thing twice.
"""

from typing import Any

Schema = dict[str, Any]

_FLAG: Schema = {"type": "boolean"}


def _text(most: int, *, least: int = 1, pattern: str = "") -> Schema:
    text: Schema = {"type": "string", "minLength": least, "maxLength": most}
    return {**text, "pattern": pattern} if pattern else text


def _object(required: str = "", /, **properties: Schema) -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": required.split(),
        "properties": properties,
    }


def _list(items: Schema, most: int, *, least: int = 0) -> Schema:
    return {"type": "array", "uniqueItems": True, "minItems": least, "maxItems": most, "items": items}


def _url(most: int) -> Schema:
    return _text(most, pattern="^https://")


_METADATA = _object(major_version={"const": 2}, minor_version={"type": "integer", "minimum": 0})

_DISPLAY_INFORMATION = _object(
    "name",
    name=_text(35),
    description=_text(140),
    long_description=_text(4000, least=175),
    background_color=_text(7, least=4, pattern="^#[0-9a-fA-F]{3}([0-9a-fA-F]{3})?$"),
)

_SLASH_COMMAND = _object(
    "command description",
    command=_text(32, least=2, pattern="^/"),
    url=_url(3000),
    description=_text(2000),
    usage_hint=_text(1000),
    should_escape=_FLAG,
)

_FEATURES = _object(
    app_home=_object(
        home_tab_enabled=_FLAG, messages_tab_enabled=_FLAG, messages_tab_read_only_enabled=_FLAG
    ),
    bot_user=_object("display_name", display_name=_text(80), always_online=_FLAG),
    slash_commands=_list(_SLASH_COMMAND, 50, least=1),
)

_SCOPES = _list(_text(50), 255)

_OAUTH_CONFIG = _object(
    redirect_urls=_list(_text(2500), 1000),
    scopes=_object(bot=_SCOPES, bot_optional=_SCOPES, user=_SCOPES, user_optional=_SCOPES),
    token_management_enabled=_FLAG,
    pkce_enabled=_FLAG,
)

_SETTINGS = _object(
    event_subscriptions=_object(
        request_url=_url(3500), bot_events=_list(_text(50), 100), user_events=_list(_text(50), 100)
    ),
    interactivity=_object(
        "is_enabled", is_enabled=_FLAG, request_url=_url(3500), message_menu_options_url=_url(3500)
    ),
    org_deploy_enabled=_FLAG,
    socket_mode_enabled=_FLAG,
    token_rotation_enabled=_FLAG,
)

MANIFEST_SCHEMA: Schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    **_object(
        "display_information",
        _metadata=_METADATA,
        display_information=_DISPLAY_INFORMATION,
        features=_FEATURES,
        oauth_config=_OAUTH_CONFIG,
        settings=_SETTINGS,
    ),
}
