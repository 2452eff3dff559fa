"""Targets and their policies: what a name such as `prod` stands for, and who may do what to it.

Decides permission from a person's record and the policy alone. Where people and policies come from is the
store's and the configuration's business.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import assert_never

from bot.errors import Kind, Refused
from bot.rules.ids import BranchId, ChannelId, PersonId, ProjectId, TargetName


class Act(StrEnum):
    """What a person wants to do to a target."""

    LOOK = "look at"  # previews and restores to a new branch: the target itself stays as it is
    BACK_UP = "back up"
    ASK = "ask for a restore of"  # an in-place restore or its undo, which others then approve
    APPROVE = "approve restores of"


@dataclass(frozen=True, slots=True)
class Person:
    """A member of the workspace as Slack's `users.info` describes them. `tz` is an IANA zone name."""

    id: PersonId
    name: str
    tz: str = "UTC"
    is_bot: bool = False
    is_deactivated: bool = False
    is_guest: bool = False
    is_stranger: bool = False  # from another organisation, seen through a shared channel

    @property
    def is_full_member(self) -> bool:
        return not (self.is_bot or self.is_deactivated or self.is_guest or self.is_stranger)


@dataclass(frozen=True, slots=True)
class Policy:
    """Who may do what, and how fresh backups must be. An empty list means nobody."""

    operators: frozenset[PersonId] = frozenset()
    approvers: frozenset[PersonId] = frozenset()
    quorum: int = 2
    max_age: timedelta = timedelta(hours=25)
    blind_grace: timedelta = timedelta(
        minutes=10
    )  # how long Neon may be out of reach before that is an alert
    request_lifetime: timedelta = timedelta(minutes=30)
    branch_lifetime: timedelta = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Target:
    name: TargetName
    project: ProjectId
    branch: BranchId
    database: str
    role: str
    channel: ChannelId
    policy: Policy


def may(person: Person, act: Act, target: Target) -> bool:
    """Listed for the act, and a full member: bots, guests, strangers and people who left may do nothing."""
    return person.is_full_member and person.id in _listed(act, target.policy)


def require(person: Person, act: Act, target: Target) -> None:
    """Raise Refused(NOT_ALLOWED) unless this person may do this to this target."""
    if not may(person, act, target):
        raise Refused(Kind.NOT_ALLOWED, act=act.value, target=target.name, role=_role(act))


def possible_approvers(policy: Policy, *, involved: frozenset[PersonId]) -> int:
    """How many people could still vote on something these people asked for."""
    return len(policy.approvers - involved)


def _listed(act: Act, policy: Policy) -> frozenset[PersonId]:
    match act:
        case Act.LOOK | Act.BACK_UP | Act.ASK:
            return policy.operators
        case Act.APPROVE:
            return policy.approvers
        case _:
            assert_never(act)


def _role(act: Act) -> str:
    return "approvers" if act is Act.APPROVE else "operators"
