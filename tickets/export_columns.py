"""The columns of every ticket export, from the API and from the console, so that both files can be joined."""

from __future__ import annotations

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
    "rca_result": "root_cause",
    "recommendations": "recommendations",
    "confidence": "confidence",
    "cause_class": "cause_class",
    "affected_entity": "affected_entity",
    "auto_heal_possible": "can_auto_heal",
    "assigned_to": "assigned_to__email",
    "ack_user": "ack_user",
    "ack_empid": "ack_employee_id",
    "ack_ts": "acknowledged_at",
    "ack_seconds": "ack_seconds",
    "sla_seconds": "sla_seconds",
    "sla_due_at": "sla_due_at",
    "sla_status": "sla_status",
    "finops_team": "finops_team",
    "finops_owner": "finops_owner",
    "finops_cost_center": "finops_cost_center",
    "itsm_ticket_id": "itsm_ticket_id",
    "slack_channel": "slack_channel",
    "slack_ts": "slack_ts",
    "blob_log_url": "blob_log_url",
    "logic_app_run_id": "logic_app_run_id",
    "processing_mode": "processing_mode",
    "processing_state": "processing_state",
    "rca_provider": "rca_provider",
    "occurrences": "occurrences",
    "version": "version",
}
"""The column's name in the contract, and where it comes from."""

CONSOLE_COLUMNS = COLUMNS | {"resolution_note": "resolution_note"}
"""A file of the console, which is bounded, has the people's note as well."""
