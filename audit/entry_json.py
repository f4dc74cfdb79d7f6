"""An audit entry as JSON, the one form that the audit trail and a ticket's timeline share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from audit.integrity import entry_state
from audit.models import AuditEntry
from audit.times import iso


def entry_rows(entries: Iterable[AuditEntry]) -> list[dict[str, Any]]:
    state = entry_state()
    return [{**_row(entry), "integrity": state(entry.pk)} for entry in entries]


def _row(entry: AuditEntry) -> dict[str, Any]:
    return {
        "id": entry.pk,
        "timestamp": iso(entry.created_at),
        "action": entry.action,
        "ticket_id": entry.ticket_key,
        "pipeline": entry.pipeline,
        "run_id": entry.run_id,
        "actor": entry.actor,
        "actor_kind": entry.actor_kind,
        "user_empid": entry.actor_employee_id,
        "summary": entry.summary,
        "details": entry.details,
    }
