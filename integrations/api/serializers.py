"""Deliveries as JSON, and the filters of their list."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from audit.api.query import Choices, PageQuery, Words
from integrations.models import Channel, Operation, State


class DeliveryQuery(PageQuery):
    ticket = Words(required=False, max_length=64, help_text="A ticket's id.")
    state = Choices(State.values, required=False, help_text="One or more, separated by commas.")


class DeliverySerializer(serializers.Serializer[dict[str, Any]]):
    """For the schema; the rows are made by `integrations.selectors.delivery_row`."""

    id = serializers.IntegerField()
    ticket_id = serializers.CharField()
    channel = serializers.ChoiceField(Channel.choices)
    operation = serializers.ChoiceField(Operation.choices)
    state = serializers.ChoiceField(State.choices)
    attempts = serializers.IntegerField()
    remote_id = serializers.CharField()
    last_error = serializers.CharField()
    advice = serializers.CharField()
    next_attempt_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class DeliveryListSerializer(serializers.Serializer[dict[str, Any]]):
    deliveries = DeliverySerializer(many=True)
    next = serializers.URLField(allow_null=True)


class DeliveryAnswerSerializer(serializers.Serializer[dict[str, Any]]):
    delivery = DeliverySerializer()
