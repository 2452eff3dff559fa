"""Faults and settings: how the sandbox is told to misbehave (`/sandbox/faults`, `/sandbox/settings`).

A fault waits for the next calls it matches, `times` of them, and is then used up. `423`, `429`, `503` and `cut_before`
strike before anything is done; `html_524`, `truncate` and `cut_after` once it is, as the ones that hurt do in life;
`slow_operation` and `failed_operation` befall the first operation of a call that starts any.
"""

import re
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from bot.sandbox.neon import identifiers
from bot.sandbox.neon.operations import Trouble
from bot.sandbox.neon.plans import PlanName
from bot.sandbox.neon.refusals import Refusal, busy

Name = Literal[
    "423",
    "429",
    "503",
    "html_524",
    "delay",
    "truncate",
    "cut_before",
    "cut_after",
    "slow_operation",
    "failed_operation",
]
ANSWERS: frozenset[Name] = frozenset({"423", "429", "503", "html_524", "truncate", "cut_before", "cut_after"})
OPERATIONS: frozenset[Name] = frozenset({"slow_operation", "failed_operation"})

HTML_524 = """<!DOCTYPE html>
<html><head><title>console.neon.tech | 524: A timeout occurred</title></head>
<body><h1>A timeout occurred <span>Error code 524</span></h1></body></html>
"""
_SLOW_SECONDS = 5.0


class FaultOrder(BaseModel):
    """The body of `POST /sandbox/faults`. `project_id` is an addition of ours, for tests that share a sandbox."""

    model_config = ConfigDict(extra="forbid")

    fault: Name
    times: int = Field(default=1, ge=1)
    seconds: float | None = Field(default=None, ge=0)
    method: str | None = None
    path_regex: str | None = None
    project_id: str | None = None

    @field_validator("path_regex")
    @classmethod
    def _compiles(cls, value: str | None) -> str | None:
        try:
            re.compile(value or "")
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        return value


class SettingsOrder(BaseModel):
    """The body of `POST /sandbox/settings`; what is left out stays.

    `detach_seconds`, `ahead_seconds`, `rate_limits` and `project_id` are additions of ours.
    """

    model_config = ConfigDict(extra="forbid")

    plan: PlanName | None = None
    operation_seconds: float | None = Field(default=None, ge=0)
    history_seconds: int | None = Field(default=None, ge=0)
    detach_seconds: float | None = Field(default=None, ge=0)
    ahead_seconds: float | None = Field(default=None, ge=0)
    rate_limits: bool | None = None
    project_id: str | None = None


@dataclass(slots=True)
class Fault:
    """One order, and how often it will still strike."""

    id: str
    order: FaultOrder
    left: int

    def matches(self, method: str, path: str) -> bool:
        """Whether a call with this path (after `/api/v2`) is meant."""
        order = self.order
        return (
            (order.method is None or order.method.upper() == method)
            and (order.path_regex is None or re.search(order.path_regex, path) is not None)
            and (order.project_id is None or path.startswith(f"/projects/{order.project_id}"))
        )


@dataclass(slots=True)
class Faults:
    """Those waiting to strike, in the order they were asked for."""

    waiting: list[Fault] = field(default_factory=list)

    def add(self, order: FaultOrder) -> Fault:
        """Have a fault strike the next matching calls."""
        fault = Fault(identifiers.operation_id(), order, order.times)
        self.waiting.append(fault)
        return fault

    def strike(self, kinds: frozenset[Name], method: str, path: str) -> FaultOrder | None:
        """The first fault of these kinds that a call runs into, one time less for it."""
        for fault in self.waiting:
            if fault.order.fault in kinds and fault.matches(method, path):
                fault.left -= 1
                if not fault.left:
                    self.waiting.remove(fault)
                return fault.order
        return None


def trouble_of(order: FaultOrder | None) -> Trouble:
    """What a fault does to a call's operations."""
    if order is None:
        return Trouble()
    if order.fault == "failed_operation":
        return Trouble(fails=True)
    return Trouble(slow_seconds=_SLOW_SECONDS if order.seconds is None else order.seconds)


def refusal_of(order: FaultOrder) -> Refusal | None:
    """The error answer of a fault that is a mere status."""
    match order.fault:
        case "423":
            return busy()
        case "429":
            return Refusal(429, "too many requests", retry_after_seconds=order.seconds)
        case "503":
            return Refusal(503, "service temporarily unavailable", retry_after_seconds=order.seconds)
    return None
