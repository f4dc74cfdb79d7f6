"""One ticket's detail for the fake server: every section filled, or nearly all of them empty."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

LOG = "\n".join(
    f"2026-11-20T16:3{line % 10}:0{line % 6}Z ERROR copy activity: path raw/orders/part-{line:04d}.parquet is missing"
    for line in range(12)
)


def detail_of(ticket: dict[str, Any], notes: list[dict[str, Any]]) -> dict[str, Any]:
    created = datetime.fromisoformat(ticket["timestamp"])

    def at(minutes: float) -> str:
        return (created + timedelta(minutes=minutes)).isoformat()

    born = {
        "timestamp": at(0),
        "action": "Ticket Created",
        "actor": None,
        "details": {"source": ticket["source"]},
    }
    if ticket["processing_state"] == "received":
        timeline = [*notes, {**born, "integrity": "unsealed"}]
        return {
            **ticket,
            "evidence": [],
            "analyses": [],
            "deliveries": [],
            "timeline": timeline,
            "raw_payload": "",
        }
    return {
        **ticket,
        "links": {
            "itsm_url": "https://example.atlassian.net/browse/OPS-4711",
            "run_url": "https://adf.azure.com/monitoring/pipelineruns/5a1c",
            "console_url": f"/admin/tickets/ticket/{ticket['id']}/change/",
        },
        "itsm_ticket_id": "OPS-4711",
        "cause_class": "missing_source_data",
        "steps": steps(at),
        "evidence": evidence(ticket, at),
        "analyses": analyses(at),
        "deliveries": deliveries(at),
        "timeline": [*notes, *timeline_of(at), {**born, "integrity": "sealed"}],
        "remediation": [
            {"id": 5, "playbook": "restart_cluster", "state": "proposed", "updated_at": at(5)},
            {
                "playbook": "retry_pipeline",
                "state": "succeeded",
                "updated_at": at(5),
                "detail": "attempt 1 of 2",
            },
        ],
        "related": [{"id": "DBX-20261120T160001-0a1b2c", "relation": "child run", "status": "open"}],
        "similar": similar(),
        "raw_payload": json.dumps(
            {"schemaId": "azureMonitorCommonAlertSchema", "data": {"run": ticket["run_id"]}}, indent=2
        ),
    }


def steps(at: Any) -> list[dict[str, Any]]:
    return [
        {
            "id": "1",
            "text": "Check whether the upstream export pl_orders_export finished before 16:30.",
            "is_done": True,
            "done_by": "Ana Lima",
            "done_at": at(3),
        },
        {
            "id": "2",
            "text": "Re-run the export for 20 November, then this pipeline.",
            "is_done": False,
            "done_by": "",
            "done_at": None,
        },
        {
            "id": "3",
            "text": "Add a dependency between the two triggers so that the load waits.",
            "is_done": False,
            "done_by": "",
            "done_at": None,
        },
    ]


def similar() -> list[dict[str, Any]]:
    return [
        {
            "id": "ADF-20261112T040210-77aa01",
            "status": "acknowledged",
            "outcome": "export re-run",
            "ack_seconds": 1320,
        },
        {
            "id": "ADF-20261030T040155-11ffe2",
            "status": "acknowledged",
            "outcome": "schedule moved",
            "ack_seconds": 2460,
        },
    ]


def evidence(ticket: dict[str, Any], at: Any) -> list[dict[str, Any]]:
    return [
        {
            "number": 1,
            "kind": "activity_run",
            "title": "Copy orders to lake",
            "text": "Failed after 41 s at the source: the blob does not exist.",
            "source_url": "https://adf.azure.com/monitoring/activityruns/9",
            "fetched_at": at(0.2),
        },
        {
            "number": 2,
            "kind": "log_excerpt",
            "title": "Driver log",
            "text": LOG,
            "source_url": "",
            "fetched_at": at(0.3),
        },
        {
            "number": 3,
            "kind": "previous_runs",
            "title": "Last five runs",
            "text": f"Four of five runs of {ticket['pipeline']} succeeded; the last success read 14 files.",
            "source_url": "javascript:alert(1)",
            "fetched_at": at(0.4),
        },
    ]


def analyses(at: Any) -> list[dict[str, Any]]:
    cause = (
        "The upstream export did not write today's partition before the load started, so the copy activity found no "
        "file at the path it was given.\nThe path is built from the trigger time, which excludes a wrong date."
    )
    return [
        {
            "id": 2,
            "provider": "gemini",
            "model": "gemini-2.5-flash",
            "confidence": "High",
            "created_at": at(0.9),
            "is_current": True,
            "root_cause": cause,
            "is_hypothesis": False,
            "citations": [1, 3],
        },
        {
            "id": 1,
            "provider": "rules",
            "model": "",
            "confidence": "Medium",
            "created_at": at(0.5),
            "is_current": False,
            "root_cause": "The source file is missing.",
            "is_hypothesis": False,
            "citations": [1],
        },
    ]


def deliveries(at: Any) -> list[dict[str, Any]]:
    return [
        {
            "id": 1,
            "channel": "jira",
            "operation": "create",
            "state": "delivered",
            "attempts": 1,
            "last_error": "",
            "advice": "",
            "updated_at": at(1),
        },
        {
            "id": 2,
            "channel": "slack",
            "operation": "post",
            "state": "failed",
            "attempts": 5,
            "last_error": "not_in_channel",
            "advice": "Invite the bot to #aiops-rca-alerts, then send again.",
            "updated_at": at(2),
        },
        {
            "id": 3,
            "channel": "blob",
            "operation": "archive",
            "state": "pending",
            "attempts": 0,
            "last_error": "",
            "advice": "",
            "updated_at": at(2),
        },
    ]


def timeline_of(at: Any) -> list[dict[str, Any]]:
    entries = [
        (3, "Slack Notification Failed", None, {"reason": "not_in_channel", "attempt": 5}),
        (2, "Jira Ticket Created", None, {"key": "OPS-4711"}),
        (1, "RCA Completed", None, {"provider": "gemini", "confidence": "High"}),
    ]
    return [
        {
            "timestamp": at(minutes),
            "action": action,
            "actor": actor,
            "details": details,
            "integrity": "sealed",
        }
        for minutes, action, actor, details in entries
    ]
