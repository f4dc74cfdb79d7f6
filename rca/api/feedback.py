"""What an analyst says of an analysis."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from audit.api.query import OneOf
from audit.api.responses import answers
from rca.models import Analysis, Feedback
from rca.services import give_feedback
from tickets.api.action_serializers import LONGEST_NOTE
from tickets.api.actions import TicketAction, action_schema
from tickets.api.detail_serializers import TicketAnswerSerializer
from tickets.api.views import ticket_or_404
from tickets.choices import CauseClass


class FeedbackSerializer(serializers.Serializer[Any]):
    analysis = serializers.IntegerField(help_text="The id of one of the ticket's `analyses`.")
    verdict = OneOf(Feedback.Verdict.choices)
    cause_class = OneOf(CauseClass.choices, required=False, help_text="The right one.")
    root_cause = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST_NOTE)
    fix = serializers.CharField(
        required=False, allow_blank=True, max_length=LONGEST_NOTE, help_text="What resolved it."
    )


class FeedbackView(TicketAction):
    @action_schema(
        "give_feedback_on",
        "Say whether an analysis is right, and correct it; similar failures are told",
        FeedbackSerializer,
        responses=answers(TicketAnswerSerializer, errors=(400, 404, 413, 415)),
    )
    def post(self, request: Request, key: str) -> Response:
        ticket = ticket_or_404(key)
        body = self.read(FeedbackSerializer, request)
        try:
            give_feedback(ticket.pk, body.pop("analysis"), actor=self.actor(request), **body)
        except Analysis.DoesNotExist:
            raise Http404(f"{key} has no such analysis.") from None
        return self.answer(key)
