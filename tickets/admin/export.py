"""The columns of a ticket export from the console: the names of the API, so that both files can be joined."""

from __future__ import annotations

from typing import Any

from import_export.fields import Field
from import_export.resources import ModelResource

from tickets.models import Ticket

COLUMNS = {
    "id": "key",
    "timestamp": "opened_at",
    "source": "source",
    "resource_type": "resource_type",
    "pipeline": "pipeline",
    "run_id": "run_id",
    "status": "status",
    "severity": "severity",
    "priority": "priority",
    "error_type": "error_type",
    "error_code": "error_code",
    "error_message": "error_message",
    "cause_class": "cause_class",
    "rca_result": "root_cause",
    "confidence": "confidence",
    "rca_provider": "rca_provider",
    "assigned_to": "assigned_to__email",
    "ack_user": "ack_user",
    "ack_empid": "ack_employee_id",
    "ack_ts": "acknowledged_at",
    "ack_seconds": "ack_seconds",
    "resolution_note": "resolution_note",
    "sla_seconds": "sla_seconds",
    "sla_due_at": "sla_due_at",
    "sla_status": "sla_status",
    "finops_team": "finops_team",
    "finops_owner": "finops_owner",
    "finops_cost_center": "finops_cost_center",
    "itsm_ticket_id": "itsm_ticket_id",
    "occurrences": "occurrences",
}


class TicketResource(ModelResource):
    class Meta:
        model = Ticket
        fields = ()
        name = "Tickets"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fields = {
            name: Field(attribute=path, column_name=name, readonly=True) for name, path in COLUMNS.items()
        }

    def get_export_order(self) -> tuple[str, ...]:
        return tuple(COLUMNS)

    def get_import_order(self) -> tuple[str, ...]:
        return tuple(COLUMNS)
