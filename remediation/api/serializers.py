"""Attempts as JSON, and the filters of their list."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from audit.api.query import Choices, PageQuery, Words
from remediation.states import State


class AttemptQuery(PageQuery):
    ticket = Words(required=False, max_length=64, help_text="A ticket's id.")
    state = Choices(State.values, required=False, help_text="One or more, separated by commas.")


class AnswerSerializer(serializers.Serializer[dict[str, Any]]):
    note = serializers.CharField(required=False, max_length=500, default="", allow_blank=True)


class ApprovalSerializer(serializers.Serializer[dict[str, Any]]):
    by = serializers.CharField()
    answer = serializers.ChoiceField(["yes", "no"])
    note = serializers.CharField()
    at = serializers.DateTimeField()


class AttemptSerializer(serializers.Serializer[dict[str, Any]]):
    """For the schema; the rows are made by `remediation.selectors.attempt_row`."""

    id = serializers.IntegerField()
    ticket_id = serializers.CharField()
    playbook = serializers.CharField()
    action = serializers.CharField()
    state = serializers.CharField()
    detail = serializers.CharField()
    reasons = serializers.ListField(child=serializers.CharField())
    risk = serializers.CharField()
    mode = serializers.CharField()
    rule = serializers.CharField()
    number = serializers.IntegerField()
    retry_attempt = serializers.IntegerField()
    max_retries = serializers.IntegerField()
    resource = serializers.CharField()
    run_id = serializers.CharField()
    new_run_id = serializers.CharField()
    requested_by = serializers.CharField()
    people_needed = serializers.IntegerField()
    approvals = ApprovalSerializer(many=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    next_step_at = serializers.DateTimeField(allow_null=True)
    called_at = serializers.DateTimeField(allow_null=True)
    mttr_seconds = serializers.IntegerField(allow_null=True)
    saved_seconds = serializers.IntegerField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class AttemptListSerializer(serializers.Serializer[dict[str, Any]]):
    attempts = AttemptSerializer(many=True)
    next = serializers.URLField(allow_null=True)


class AttemptAnswerSerializer(serializers.Serializer[dict[str, Any]]):
    attempt = AttemptSerializer()
