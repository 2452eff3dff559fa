"""Backups: durable copies somebody asked for, from being said to being confirmed, as immutable values.

A backup counts only once Neon's operations for it have finished; until then it is being taken.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bot.errors import Kind, Refused
from bot.rules.ids import BackupId, BranchId, ChannelId, PersonId, ProjectId, TargetName
from bot.rules.trouble import Trouble


class BackupStage(StrEnum):
    TAKING = "taking"
    TAKEN = "taken"
    FAILED = "failed"


class BackupKind(StrEnum):
    SNAPSHOT = "snapshot"
    BRANCH = "branch"


@dataclass(frozen=True, slots=True)
class Backup:
    """`neon_id` and `taken_at` (the moment the copy shows) are known once it is taken.

    `instead_of_snapshot` says why Neon refused a snapshot, where a branch was made in its place.
    """

    id: BackupId
    target: TargetName
    project: ProjectId
    branch: BranchId
    name: str
    asked_by: PersonId
    asked_at: datetime
    channel: ChannelId
    stage: BackupStage = BackupStage.TAKING
    kind: BackupKind | None = None
    neon_id: str = ""
    taken_at: datetime | None = None
    instead_of_snapshot: str = ""
    trouble: Trouble | None = None
    ended_at: datetime | None = None
    revision: int = 0


MAX_NAME = 64


def usable_name(name: str) -> str:
    """The name as it will be used. Neon takes nearly anything; a name that must be typed again later is kept plain."""
    if not name or len(name) > MAX_NAME or not all(char.isalnum() or char in "-_." for char in name):
        raise Refused(Kind.NAME_UNUSABLE, name=name[:MAX_NAME], longest=MAX_NAME)
    return name


def default_name(target: TargetName, at: datetime, backup: BackupId) -> str:
    return f"{target}-{at:%Y%m%d-%H%M%S}-{backup}"


def taken(
    backup: Backup, kind: BackupKind, neon_id: str, taken_at: datetime, now: datetime, instead: str = ""
) -> Backup:
    return replace(
        backup,
        stage=BackupStage.TAKEN,
        kind=kind,
        neon_id=neon_id,
        taken_at=taken_at,
        instead_of_snapshot=instead,
        ended_at=now,
    )


def failed(backup: Backup, trouble: Trouble, now: datetime) -> Backup:
    if backup.stage is not BackupStage.TAKING:
        return backup
    return replace(backup, stage=BackupStage.FAILED, trouble=trouble, ended_at=now)
