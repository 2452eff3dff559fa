"""The routes of Neon's API, one module for each noun; every module gives its own as `ROUTES`."""

from bot.sandbox.neon.api import (
    account,
    backup_schedules,
    branches,
    catalogue,
    endpoints,
    operations,
    projects,
    restore,
    roles,
    schemas,
    snapshot_restore,
    snapshots,
)
from bot.sandbox.neon.calls import Route

ROUTES: tuple[Route, ...] = (
    *account.ROUTES,
    *projects.ROUTES,
    *operations.ROUTES,
    *branches.ROUTES,
    *restore.ROUTES,
    *endpoints.ROUTES,
    *roles.ROUTES,
    *catalogue.ROUTES,
    *schemas.ROUTES,
    *snapshots.ROUTES,
    *snapshot_restore.ROUTES,
    *backup_schedules.ROUTES,
)
