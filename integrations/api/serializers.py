"""Deliveries as JSON, and the filters of their list."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from integrations.models import State


class DeliveryFilter(serializers.Serializer[dict[str, Any]]):
    ticket = serializers.CharField(required=False, max_length=64, default="")
    state = serializers.ChoiceField(State.choices, required=False, default="")
    limit = serializers.IntegerField(required=False, min_value=1, default=100)
    before = serializers.IntegerField(required=False, min_value=1, default=None, allow_null=True)


class DeliverySerializer(serializers.Serializer[dict[str, Any]]):
    """For the schema; the rows are made by `integrations.selectors.delivery_row`."""

    id = serializers.IntegerField()
    ticket_id = serializers.CharField()
    channel = serializers.CharField()
    operation = serializers.CharField()
    state = serializers.CharField()
    attempts = serializers.IntegerField()
    remote_id = serializers.CharField()
    last_error = serializers.CharField()
    advice = serializers.CharField()
    next_attempt_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class DeliveryListSerializer(serializers.Serializer[dict[str, Any]]):
    deliveries = DeliverySerializer(many=True)
    next = serializers.CharField(allow_null=True)


class DeliveryAnswerSerializer(serializers.Serializer[dict[str, Any]]):
    delivery = DeliverySerializer()
