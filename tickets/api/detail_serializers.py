"""How a ticket's detail, which every action answers with, is described in the schema; `tickets.api.detail` makes it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from audit.api.serializers import AuditEntrySerializer
from tickets.api.serializers import TicketSerializer
from tickets.choices import RELATIONS, Status
from tickets.clock_models import StepKind

ANY_OBJECTS = {"type": "array", "items": {"type": "object", "additionalProperties": True}}


class CommentSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    timestamp = serializers.DateTimeField()
    author = serializers.CharField()
    text = serializers.CharField()


class StepSerializer(serializers.Serializer[Any]):
    """A recommendation with its tick; `done_by` is "" while nobody has carried it out."""

    id = serializers.CharField()
    text = serializers.CharField()
    is_done = serializers.BooleanField()
    done_by = serializers.CharField(allow_blank=True)
    done_at = serializers.DateTimeField(allow_null=True)


class RelatedTicketSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    relation = serializers.ChoiceField(RELATIONS)


class JoinedRunSerializer(serializers.Serializer[Any]):
    """A further run of the pipeline that reopened this ticket soon after it was acknowledged."""

    run_id = serializers.CharField(allow_blank=True)
    error_code = serializers.CharField(allow_blank=True)
    seen_at = serializers.DateTimeField()


class EscalationSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(StepKind.choices)
    target = serializers.CharField(allow_blank=True, help_text="Of a webhook the host alone.")
    due_at = serializers.DateTimeField()
    taken_at = serializers.DateTimeField()


class SimilarTicketSerializer(serializers.Serializer[Any]):
    """Made by `rca.similar`; `resolution` and `outcome` are what helped then, "" where nobody wrote it down."""

    id = serializers.CharField()
    status = serializers.ChoiceField(Status.choices)
    pipeline = serializers.CharField()
    error_type = serializers.CharField()
    root_cause = serializers.CharField(allow_blank=True)
    resolution = serializers.CharField(allow_blank=True)
    outcome = serializers.CharField(allow_blank=True)
    ack_seconds = serializers.IntegerField(allow_null=True)
    ack_ts = serializers.DateTimeField(allow_null=True)


@extend_schema_field(ANY_OBJECTS)
class SectionField(serializers.ListField):
    """A section that a higher layer fills; its form is that layer's."""


class TicketDetailSerializer(TicketSerializer):
    resolution_note = serializers.CharField(allow_blank=True)
    processing_error = serializers.CharField(allow_blank=True)
    reopened_count = serializers.IntegerField()
    metadata = serializers.DictField()
    comments = CommentSerializer(many=True)
    steps = StepSerializer(many=True)
    related_tickets = RelatedTicketSerializer(many=True)
    runs = JoinedRunSerializer(many=True)
    escalations = EscalationSerializer(many=True)
    similar = SimilarTicketSerializer(many=True)
    timeline = AuditEntrySerializer(many=True, help_text="Newest first, at most 500 entries.")
    evidence = SectionField()
    analyses = SectionField()
    deliveries = SectionField()
    remediation = SectionField()
    raw_payload = serializers.CharField(
        allow_blank=True, help_text="The alert that opened it, secrets masked."
    )


class TicketAnswerSerializer(serializers.Serializer[Any]):
    ticket = TicketDetailSerializer()
