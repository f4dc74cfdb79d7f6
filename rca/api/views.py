"""Asking for a new analysis."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from audit import actions as audit_actions
from audit.api.responses import answers
from tickets import services
from tickets.api.action_serializers import StartSerializer
from tickets.api.actions import TicketAction, action_schema
from tickets.api.detail_serializers import TicketAnswerSerializer
from tickets.api.views import ticket_or_404


class ReanalyseView(TicketAction):
    @action_schema(
        "reanalyse",
        "Send a ticket through evidence and analysis again; the work is done after the answer",
        StartSerializer,
        responses=answers(TicketAnswerSerializer, status=202, errors=(400, 404, 409, 413, 415)),
    )
    def post(self, request: Request, key: str) -> Response:
        ticket = ticket_or_404(key)
        body = self.read(StartSerializer, request)
        services.request_work(
            ticket.pk,
            action=audit_actions.RCA_REQUESTED,
            actor=self.actor(request),
            reason="Asked for by a person",
            expected_version=body.get("version"),
        )
        return self.answer(key, status=202)
