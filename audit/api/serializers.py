"""How the record and the API's errors are described in the schema."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from audit.integrity import EntryState
from audit.models import ActorKind


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A bad filter",
            value={
                "detail": "severity: expected one or more of Critical, High, Medium, Low, not text 'red'.",
                "code": "invalid",
                "fields": {
                    "severity": ["expected one or more of Critical, High, Medium, Low, not text 'red'."]
                },
            },
            response_only=True,
        )
    ]
)
class ErrorSerializer(serializers.Serializer[Any]):
    """Every error of the API. `fields` names what was wrong with the input, field by field."""

    detail = serializers.CharField()
    code = serializers.CharField()
    fields = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField())
    )


class ConflictSerializer(serializers.Serializer[Any]):
    """A transition that does not exist, with the ones that do; a ticket changed meanwhile; an answer come too late."""

    detail = serializers.CharField()
    code = serializers.ChoiceField(["transition_not_allowed", "changed_meanwhile", "not_possible"])
    fields = serializers.DictField()  # type: ignore[assignment]
    allowed = serializers.ListField(child=serializers.CharField(), required=False)


@extend_schema_field({"type": "object", "additionalProperties": True})
class DetailsField(serializers.DictField):
    """A small JSON object whose form depends on the action."""


class AuditEntrySerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    timestamp = serializers.DateTimeField()
    action = serializers.CharField()
    ticket_id = serializers.CharField(allow_blank=True)
    pipeline = serializers.CharField(allow_blank=True)
    run_id = serializers.CharField(allow_blank=True)
    actor = serializers.CharField(allow_blank=True)
    actor_kind = serializers.ChoiceField(ActorKind.choices)
    user_empid = serializers.CharField(allow_blank=True)
    summary = serializers.CharField(allow_blank=True)
    details = DetailsField()
    integrity = serializers.ChoiceField(
        EntryState.choices,
        help_text="By the last seal and the last full verification; nothing is verified for this answer.",
    )


class AuditPageSerializer(serializers.Serializer[Any]):
    audits = AuditEntrySerializer(many=True)
    next = serializers.URLField(allow_null=True)


class AuditSummarySerializer(serializers.Serializer[Any]):
    total_entries = serializers.IntegerField()
    ticket_created = serializers.IntegerField()
    jira_created = serializers.IntegerField()
    slack_sent = serializers.IntegerField()
    duplicates_prevented = serializers.IntegerField()
    by_action = serializers.DictField(child=serializers.IntegerField())
    recent = AuditEntrySerializer(many=True)
