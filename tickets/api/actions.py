"""What an analyst does to a ticket: each address is one verb of `tickets.services`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actors import person
from accounts.models import User
from accounts.permissions import IsAnalyst
from audit.api.responses import answers
from audit.services import Actor
from tickets import services
from tickets.api.action_serializers import (
    AcknowledgeSerializer,
    AddCommentSerializer,
    MarkStepSerializer,
    MuteSerializer,
    ReopenSerializer,
    StartSerializer,
)
from tickets.api.detail import ticket_detail
from tickets.api.detail_serializers import TicketAnswerSerializer
from tickets.api.views import ticket_or_404
from tickets.quiet.services import mute_ticket

ACTION_ANSWERS = answers(TicketAnswerSerializer, errors=(400, 404, 409, 413, 415))
COMMENT_ANSWERS = answers(TicketAnswerSerializer, errors=(400, 404, 413, 415))


def action_schema(name: str, title: str, body: type[serializers.Serializer[Any]], **extra: Any) -> Any:
    return extend_schema(
        operation_id=f"{name}_ticket",
        summary=title,
        tags=["actions"],
        request=body,
        **{"responses": ACTION_ANSWERS, **extra},
    )


class TicketAction(APIView):
    permission_classes = (IsAnalyst,)

    def actor(self, request: Request) -> Actor:
        return person(self.user(request))

    @staticmethod
    def user(request: Request) -> User:
        assert isinstance(request.user, User)
        return request.user

    @staticmethod
    def read(form: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
        bound = form(data=request.data)
        bound.is_valid(raise_exception=True)
        return dict(bound.validated_data)

    @staticmethod
    def answer(key: str, status: int = 200) -> Response:
        return Response({"ticket": ticket_detail(ticket_or_404(key))}, status=status)


class AcknowledgeView(TicketAction):
    @action_schema("acknowledge", "Close a ticket: the SLA verdict is given now", AcknowledgeSerializer)
    def post(self, request: Request, key: str) -> Response:
        ticket = ticket_or_404(key)
        body = self.read(AcknowledgeSerializer, request)
        services.acknowledge(
            ticket.pk,
            actor=self.actor(request),
            note=body.get("note", ""),
            employee_id=body.get("empid", ""),
            expected_version=body.get("version"),
        )
        return self.answer(key)


class StartView(TicketAction):
    @action_schema(
        "start", "Take a ticket into work; an unassigned one becomes the caller's", StartSerializer
    )
    def post(self, request: Request, key: str) -> Response:
        ticket = ticket_or_404(key)
        body = self.read(StartSerializer, request)
        services.start(
            ticket.pk,
            actor=self.actor(request),
            user=self.user(request),
            expected_version=body.get("version"),
        )
        return self.answer(key)


class ReopenView(TicketAction):
    @action_schema("reopen", "Back to open; an acknowledged ticket starts a new SLA period", ReopenSerializer)
    def post(self, request: Request, key: str) -> Response:
        ticket = ticket_or_404(key)
        body = self.read(ReopenSerializer, request)
        services.return_to_open(
            ticket.pk,
            actor=self.actor(request),
            reason=body.get("reason", ""),
            expected_version=body.get("version"),
        )
        return self.answer(key)


class MuteView(TicketAction):
    @action_schema("mute", "No notices about a ticket for some minutes", MuteSerializer)
    def post(self, request: Request, key: str) -> Response:
        ticket = ticket_or_404(key)
        body = self.read(MuteSerializer, request)
        until = timezone.now() + timedelta(minutes=body["minutes"])
        mute_ticket(ticket, until=until, reason=body["reason"], actor=self.actor(request))
        return self.answer(key)


class CommentView(TicketAction):
    @action_schema("comment_on", "Add a remark", AddCommentSerializer, responses=COMMENT_ANSWERS)
    def post(self, request: Request, key: str) -> Response:
        ticket = ticket_or_404(key)
        body = self.read(AddCommentSerializer, request)
        services.add_comment(ticket.pk, body["text"], actor=self.actor(request))
        return self.answer(key)


class MarkStepView(TicketAction):
    @action_schema(
        "mark_step_of", "Tick a recommendation as done, or not", MarkStepSerializer, responses=COMMENT_ANSWERS
    )
    def post(self, request: Request, key: str) -> Response:
        ticket = ticket_or_404(key)
        body = self.read(MarkStepSerializer, request)
        try:
            services.mark_step(ticket.pk, body["id"], is_done=body["done"], actor=self.actor(request))
        except services.UnknownStepError as error:
            raise Http404(str(error)) from None
        return self.answer(key)
