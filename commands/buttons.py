"""What a button or modal carries back. It comes from Slack and is checked like anything else from outside."""

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.errors import Kind, Refused
from bot.rules.ids import Digest


class Carried(BaseModel):
    """`digest` is the plan that was on the card when it was drawn; `target` and `channel` belong to
    backup buttons and modals, `target` and `at` to a moment that was asked for."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    request: str = ""
    digest: Digest = Digest("")
    target: str = ""
    channel: str = ""
    at: str = ""


def read_button(value: str) -> Carried:
    """Raises Refused(REQUEST_GONE) for a value we did not make."""
    try:
        return Carried.model_validate_json(value)
    except ValidationError:
        raise Refused(Kind.REQUEST_GONE) from None
