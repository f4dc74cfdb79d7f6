"""What the actions on a ticket take."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

LONGEST_NOTE = 10_000


class VersionedSerializer(serializers.Serializer[Any]):
    """An action's body. With `version` the action is refused (409) when somebody changed the ticket since."""

    version = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)


class AcknowledgeSerializer(VersionedSerializer):
    note = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST_NOTE)
    empid = serializers.CharField(required=False, allow_blank=True, max_length=64)


class StartSerializer(VersionedSerializer):
    pass


class ReopenSerializer(VersionedSerializer):
    reason = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST_NOTE)


class MuteSerializer(serializers.Serializer[Any]):
    minutes = serializers.IntegerField(min_value=1, max_value=30 * 24 * 60)
    reason = serializers.CharField(max_length=500)


class AddCommentSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=LONGEST_NOTE)


class MarkStepSerializer(serializers.Serializer[Any]):
    id = serializers.CharField(max_length=64, help_text="The `id` of one of the ticket's `steps`.")
    done = serializers.BooleanField()
