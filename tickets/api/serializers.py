"""How the ticket lists and the summary are described in the schema.

The rows themselves are made by `tickets.rows`, which the socket shares; a test holds the two together.
"""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from tickets.choices import (
    CauseClass,
    Confidence,
    Priority,
    ProcessingMode,
    ProcessingState,
    ResourceType,
    Severity,
    SlaStatus,
    Status,
    source_choices,
)

EXAMPLE = {
    "id": "ADF-20251129T143022-a3f2c1",
    "timestamp": "2025-11-29T14:30:22.104233Z",
    "source": "adf",
    "resource_type": "pipeline",
    "pipeline": "DataEng_LoadOrders",
    "run_id": "0b1c2d3e-8a91-4c55-9d0e-1f2a3b4c5d6e",
    "error_message": "The required Blob is missing. ContainerName: landing, path: orders/today.csv.",
    "error_code": "UserErrorSourceBlobNotExist",
    "error_type": "UserErrorSourceBlobNotExist",
    "rca_result": "The file that the copy activity reads was not there when it ran.",
    "recommendations": ["Check whether the upstream export has finished."],
    "confidence": "High",
    "cause_class": "missing_source_data",
    "severity": "High",
    "priority": "P2",
    "affected_entity": "landing/orders/today.csv",
    "auto_heal_possible": False,
    "status": "open",
    "ack_user": "",
    "ack_empid": "",
    "ack_ts": None,
    "ack_seconds": None,
    "sla_seconds": 1800,
    "sla_due_at": "2025-11-29T15:00:22.104233Z",
    "sla_status": "Pending",
    "slack_ts": "",
    "slack_channel": "",
    "finops_team": "DataEng",
    "finops_owner": "Unknown",
    "finops_cost_center": "Unknown",
    "blob_log_url": "",
    "itsm_ticket_id": "OPS-4711",
    "logic_app_run_id": "",
    "processing_mode": "direct_webhook",
    "processing_state": "notified",
    "rca_provider": "rules",
    "occurrences": 1,
    "suppressed": False,
    "suppressed_by": "",
    "quiet_until": None,
    "recovered_at": None,
    "assigned_to": "",
    "version": 4,
    "related": [],
    "links": {
        "run_url": "",
        "itsm_url": "https://example.atlassian.net/browse/OPS-4711",
        "console_url": "/admin/tickets/ticket/17/change/",
    },
}


class LinksSerializer(serializers.Serializer[Any]):
    run_url = serializers.CharField(allow_blank=True)
    itsm_url = serializers.CharField(allow_blank=True)
    console_url = serializers.CharField()


@extend_schema_serializer(examples=[OpenApiExample("An open ticket", value=EXAMPLE, response_only=True)])
class TicketSerializer(serializers.Serializer[Any]):
    """A ticket as a list row; a long error message is cut, the detail has the whole of it."""

    id = serializers.CharField()
    timestamp = serializers.DateTimeField()
    source = serializers.ChoiceField(source_choices())  # type: ignore[assignment]
    resource_type = serializers.ChoiceField(ResourceType.choices)
    pipeline = serializers.CharField(allow_blank=True)
    run_id = serializers.CharField(allow_blank=True)
    error_message = serializers.CharField(allow_blank=True)
    error_code = serializers.CharField(allow_blank=True)
    error_type = serializers.CharField(allow_blank=True)
    rca_result = serializers.CharField(allow_blank=True)
    recommendations = serializers.ListField(child=serializers.CharField())
    confidence = serializers.ChoiceField(Confidence.choices, allow_blank=True)
    cause_class = serializers.ChoiceField(CauseClass.choices)
    severity = serializers.ChoiceField(Severity.choices)
    priority = serializers.ChoiceField(Priority.choices)
    affected_entity = serializers.CharField(allow_blank=True)
    auto_heal_possible = serializers.BooleanField()
    status = serializers.ChoiceField(Status.choices)
    ack_user = serializers.CharField(allow_blank=True)
    ack_empid = serializers.CharField(allow_blank=True)
    ack_ts = serializers.DateTimeField(allow_null=True)
    ack_seconds = serializers.IntegerField(allow_null=True)
    sla_seconds = serializers.IntegerField()
    sla_due_at = serializers.DateTimeField()
    sla_status = serializers.ChoiceField(SlaStatus.choices)
    slack_ts = serializers.CharField(allow_blank=True)
    slack_channel = serializers.CharField(allow_blank=True)
    finops_team = serializers.CharField()
    finops_owner = serializers.CharField()
    finops_cost_center = serializers.CharField()
    blob_log_url = serializers.CharField(allow_blank=True)
    itsm_ticket_id = serializers.CharField(allow_blank=True)
    logic_app_run_id = serializers.CharField(allow_blank=True)
    processing_mode = serializers.ChoiceField(ProcessingMode.choices)
    processing_state = serializers.ChoiceField(ProcessingState.choices)
    rca_provider = serializers.CharField(allow_blank=True)
    occurrences = serializers.IntegerField()
    suppressed = serializers.BooleanField(help_text="Born in a maintenance window or mute: nobody was told.")
    suppressed_by = serializers.CharField(allow_blank=True)
    quiet_until = serializers.DateTimeField(allow_null=True)
    recovered_at = serializers.DateTimeField(
        allow_null=True, help_text="When a later run of the same pipeline or job succeeded."
    )
    assigned_to = serializers.CharField(allow_blank=True)
    version = serializers.IntegerField()
    related = serializers.ListField(child=serializers.CharField())
    links = LinksSerializer()


class TicketListSerializer(serializers.Serializer[Any]):
    tickets = TicketSerializer(many=True)
    next = serializers.URLField(
        allow_null=True, help_text="The full address of the next page; null on the last one."
    )


class VerdictsSerializer(serializers.Serializer[Any]):
    met = serializers.IntegerField()
    breached = serializers.IntegerField()


class VerdictsField(serializers.DictField):
    """SLA verdicts by name."""

    child = VerdictsSerializer()


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A summary",
            value={
                "total_tickets": 150,
                "open_tickets": 12,
                "in_progress_tickets": 8,
                "acknowledged_tickets": 130,
                "sla_breached": 3,
                "avg_ack_time_sec": 1247.0,
                "mttr_min": 20.8,
                "suppressed_tickets": 4,
                "recovered_tickets": 96,
                "mttr_recovered_min": 43.5,
                "noise_ratio": 2.4,
                "sla_by_priority": {"P1": {"met": 8, "breached": 1}},
                "sla_by_team": {"DataEng": {"met": 101, "breached": 3}},
                "sla_by_week": {"2026-W47": {"met": 40, "breached": 1}},
                "by_severity": {"Critical": 9, "High": 41, "Medium": 70, "Low": 30},
                "by_error_type": {"UserErrorSourceBlobNotExist": 61, "DRIVER_NOT_RESPONDING": 8},
                "by_team": {"DataEng": 120, "Unknown": 30},
            },
            response_only=True,
        )
    ]
)
class SummarySerializer(serializers.Serializer[Any]):
    """Over all tickets; times over the acknowledged ones, 0 while there is none."""

    total_tickets = serializers.IntegerField()
    open_tickets = serializers.IntegerField()
    in_progress_tickets = serializers.IntegerField()
    acknowledged_tickets = serializers.IntegerField()
    sla_breached = serializers.IntegerField()
    avg_ack_time_sec = serializers.FloatField()
    mttr_min = serializers.FloatField()
    suppressed_tickets = serializers.IntegerField(help_text="Born in maintenance windows or mutes.")
    recovered_tickets = serializers.IntegerField(help_text="A later run of the pipeline or job succeeded.")
    mttr_recovered_min = serializers.FloatField(help_text="Mean time from a failure to that run, in minutes.")
    noise_ratio = serializers.FloatField(help_text="Reports per ticket.")
    sla_by_priority = VerdictsField()
    sla_by_team = VerdictsField(help_text="The 100 most judged.")
    sla_by_week = VerdictsField(
        help_text="By the ISO week in which the SLA period began, newest first, 26 at most."
    )
    by_severity = serializers.DictField(child=serializers.IntegerField())
    by_error_type = serializers.DictField(
        child=serializers.IntegerField(), help_text="The 100 most frequent, most frequent first."
    )
    by_team = serializers.DictField(
        child=serializers.IntegerField(), help_text="The 100 most frequent, most frequent first."
    )
