"""Rows as the JSON of Neon's API: every required field of the OpenAPI document, absent optional ones left out.

Usage counters are nought: nothing here is billed.
"""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

from bot.sandbox.neon.instants import rfc3339, rfc3339_exact
from bot.sandbox.neon.rows import (
    RESTORED_FROM_SNAPSHOT,
    Branch,
    Database,
    Endpoint,
    Operation,
    Project,
    Role,
    Snapshot,
)
from bot.sandbox.neon.schedules import Backup

Json = dict[str, Any]

ORGANIZATION_ID = "org-sandbox-meadow-12345678"
OWNER_ID = ORGANIZATION_ID
PLATFORM = {"platform_id": "aws", "region_id": "aws-us-east-2"}
_PROXY_HOST = "127.0.0.1"
_POSTGRES_VERSION = 16
_RECOVERABLE = timedelta(days=7)
_BRANCH_SIZE_LIMIT_MB = 512_000


def project_json(project: Project) -> Json:
    """`Project`."""
    period = project.created_at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return _project_common(project) | {
        "data_storage_bytes_hour": 0,
        "data_transfer_bytes": 0,
        "written_data_bytes": 0,
        "compute_time_seconds": 0,
        "active_time_seconds": 0,
        "consumption_period_start": rfc3339(period),
        "consumption_period_end": rfc3339((period + timedelta(days=32)).replace(day=1)),
        "owner": {
            "email": "owner@example.com",
            "name": "Sandbox",
            "branches_limit": project.settings.limits.branches,
            "subscription_type": project.settings.limits.subscription,
        },
    }


def project_item_json(project: Project) -> Json:
    """`ProjectListItem`."""
    return _project_common(project) | {"active_time": 0}


def _project_common(project: Project) -> Json:
    return PLATFORM | {
        "id": project.id,
        "name": project.name,
        "provisioner": "k8s-neonvm",
        "default_endpoint_settings": {
            "autoscaling_limit_min_cu": 0.25,
            "autoscaling_limit_max_cu": 0.25,
            "suspend_timeout_seconds": 0,
        },
        "settings": {"enable_logical_replication": True},
        "pg_version": _POSTGRES_VERSION,
        "proxy_host": _PROXY_HOST,
        "branch_logical_size_limit": _BRANCH_SIZE_LIMIT_MB,
        "branch_logical_size_limit_bytes": _BRANCH_SIZE_LIMIT_MB * 1024 * 1024,
        "store_passwords": True,
        "cpu_used_sec": 0,
        "creation_source": "console",
        "history_retention_seconds": project.history_seconds,
        "created_at": rfc3339(project.created_at),
        "updated_at": rfc3339(project.updated_at),
        "owner_id": OWNER_ID,
        "org_id": ORGANIZATION_ID,
    }


def branch_json(project: Project, branch: Branch) -> Json:
    """`Branch`."""
    recovery = branch.recovery
    return _present(
        id=branch.id,
        project_id=project.id,
        parent_id=branch.parent_id,
        parent_lsn=str(branch.parent_lsn) if branch.parent_lsn and branch.parent_id else None,
        parent_timestamp=rfc3339_exact(branch.parent_timestamp)
        if branch.parent_timestamp and branch.parent_id
        else None,
        name=branch.name,
        current_state=branch.current_state,
        pending_state=branch.pending_state,
        state_changed_at=rfc3339(branch.state_changed_at),
        creation_source=branch.creation_source,
        primary=branch.default,
        default=branch.default,
        protected=branch.protected,
        init_source=branch.init_source,
        cpu_used_sec=0,
        compute_time_seconds=0,
        active_time_seconds=0,
        written_data_bytes=0,
        data_transfer_bytes=0,
        created_at=rfc3339(branch.created_at),
        updated_at=rfc3339(branch.updated_at),
        ttl_interval_seconds=branch.ttl_interval_seconds,
        expires_at=branch.expires_at and rfc3339(branch.expires_at),
        last_reset_at=branch.last_reset_at and rfc3339(branch.last_reset_at),
        restore_status=branch.restore_status,
        restored_from=branch.restored_from,
        restored_as=branch.restored_as,
        restricted_actions=[{"name": "restore", "reason": RESTORED_FROM_SNAPSHOT}]
        if branch.restored_from
        else None,
        recovery=recovery
        and {
            "deleted_at": rfc3339(recovery.deleted_at),
            "recoverable_until": rfc3339(recovery.deleted_at + _RECOVERABLE),
            "deletion_method": recovery.method,
        },
    )


def annotation_json(branch: Branch) -> Json:
    """`AnnotationData` of a branch that has an annotation."""
    return {
        "object": {"type": "console/branch", "id": branch.id},
        "value": branch.annotation,
        "created_at": rfc3339(branch.created_at),
        "updated_at": rfc3339(branch.created_at),
    }


def endpoint_json(project: Project, endpoint: Endpoint) -> Json:
    """`Endpoint`."""
    return _present(
        host=endpoint.host,
        id=endpoint.id,
        name=endpoint.name,
        project_id=project.id,
        branch_id=endpoint.branch_id,
        autoscaling_limit_min_cu=endpoint.min_cu,
        autoscaling_limit_max_cu=endpoint.max_cu,
        region_id=PLATFORM["region_id"],
        type=endpoint.type,
        current_state=endpoint.current_state,
        pending_state=endpoint.pending_state,
        settings={},
        pooler_enabled=False,
        pooler_mode="transaction",
        disabled=False,
        passwordless_access=True,
        last_active=endpoint.started_at and rfc3339(endpoint.proxy.last_active),
        creation_source="console",
        created_at=rfc3339(endpoint.created_at),
        updated_at=rfc3339(endpoint.updated_at),
        started_at=endpoint.started_at and rfc3339(endpoint.started_at),
        suspended_at=endpoint.suspended_at and rfc3339(endpoint.suspended_at),
        proxy_host=_PROXY_HOST,
        suspend_timeout_seconds=endpoint.suspend_timeout_seconds,
        provisioner="k8s-neonvm",
    )


def operation_json(project: Project, operation: Operation) -> Json:
    """`Operation`."""
    return _present(
        id=operation.id,
        project_id=project.id,
        branch_id=operation.branch_id,
        endpoint_id=operation.endpoint_id,
        action=operation.action,
        status=operation.status,
        error=operation.error,
        failures_count=operation.failures_count,
        created_at=rfc3339(operation.created_at),
        updated_at=rfc3339(operation.updated_at),
        total_duration_ms=operation.total_duration_ms,
    )


def snapshot_json(snapshot: Snapshot) -> Json:
    """`Snapshot`."""
    return _present(
        id=snapshot.id,
        name=snapshot.name,
        lsn=snapshot.lsn and str(snapshot.lsn),
        timestamp=snapshot.timestamp and rfc3339_exact(snapshot.timestamp),
        source_branch_id=snapshot.source_branch_id,
        created_at=rfc3339(snapshot.created_at),
        expires_at=snapshot.expires_at and rfc3339(snapshot.expires_at),
        manual=snapshot.manual,
        full_size=snapshot.size if snapshot.diff_size is None else None,
        diff_size=snapshot.diff_size,
    )


def backup_json(backup: Backup) -> Json:
    """`BackupScheduleItem`."""
    return _present(
        frequency=backup.frequency,
        hour=backup.hour,
        day=backup.day,
        retention_seconds=backup.retention_seconds,
    )


def role_json(branch: Branch, role: Role, *, with_password: bool = False) -> Json:
    """`Role`; its password only where Neon gives it, right after it was made."""
    return _present(
        branch_id=branch.id,
        name=role.name,
        password=role.password if with_password else None,
        protected=False,
        created_at=rfc3339(role.created_at),
        updated_at=rfc3339(role.updated_at),
    )


def database_json(branch: Branch, database: Database) -> Json:
    """`Database`."""
    return {
        "id": database.id,
        "branch_id": branch.id,
        "name": database.name,
        "owner_name": database.owner,
        "created_at": rfc3339(database.created_at),
        "updated_at": rfc3339(database.created_at),
    }


def connection_uri(endpoint: Endpoint, role: Role, database: str) -> str:
    """As Neon's console shows it, with the proxy's address for the host."""
    user = f"{quote(role.name, safe='')}:{quote(role.password or '', safe='')}"
    return f"postgresql://{user}@{endpoint.host}/{quote(database, safe='')}?sslmode=require&channel_binding=require"


def connection_json(endpoint: Endpoint, role: Role, database: str) -> Json:
    """`ConnectionDetails`."""
    return {
        "connection_uri": connection_uri(endpoint, role, database),
        "connection_parameters": {
            "database": database,
            "password": role.password,
            "role": role.name,
            "host": endpoint.host,
            "pooler_host": endpoint.host,
        },
    }


def _present(**fields: Any) -> Json:
    return {name: value for name, value in fields.items() if value is not None}
