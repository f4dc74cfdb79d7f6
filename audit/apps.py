from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate


class AuditConfig(AppConfig):
    name = "audit"
    verbose_name = "Record"

    def ready(self) -> None:
        post_migrate.connect(_put_triggers_back, sender=self, dispatch_uid="audit.triggers")


def _put_triggers_back(using: str, **_: Any) -> None:
    """SQLite drops a table's triggers whenever a migration alters the table."""
    from audit import triggers
    from audit.models import AuditErasure

    connection = connections[using]
    if AuditErasure._meta.db_table not in connection.introspection.table_names():
        return  # migrated back to before the triggers
    if triggers.missing(connection):
        triggers.install(connection)
