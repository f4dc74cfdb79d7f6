"""Two usual ways to write the webhook: a stock DRF view over the product's service, and all work before the answer."""

from __future__ import annotations

import time

from django.db import transaction
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.service_keys import verify
from ingestion.reading import Inbound, read
from ingestion.services import receive
from ingestion.sources import registry
from tickets import services as ticket_services
from tickets.models import Ticket

MODEL_SECONDS, JIRA_SECONDS, SLACK_SECONDS = 1.0, 0.3, 0.2


class ServiceKey(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[object, str]:
        identity = verify(request.headers.get("X-Api-Key", ""), "adf")
        if identity is None:
            raise AuthenticationFailed
        return identity, identity.name


class StockWebhook(APIView):
    """A stock view, stock middleware, one connection and one transaction per request."""

    authentication_classes = (ServiceKey,)
    permission_classes = (AllowAny,)

    def post(self, request: Request) -> Response:
        body = request.body  # before DRF reads the stream
        _ = request.data
        answer = receive(registry()["adf"], Inbound(body, key_name=request.auth))
        return Response(answer.body, status=answer.http_status, headers=answer.headers)


class SynchronousWebhook(APIView):
    """Duplicate check, model, ticket, Jira, Slack, and only then the answer; the vendors are slept for."""

    authentication_classes = (ServiceKey,)
    permission_classes = (AllowAny,)

    def post(self, request: Request) -> Response:
        failure = read(registry()["adf"], Inbound(request.body)).failures[0]
        if Ticket.objects.filter(dedup_key=failure.dedup_key).exists():
            return Response({"status": "duplicate_ignored"}, status=202)
        time.sleep(MODEL_SECONDS)
        new = ticket_services.NewTicket(
            dedup_key=failure.dedup_key,
            key_prefix="ADF-",
            source=failure.source,
            resource_type=failure.resource_type,
            pipeline=failure.name,
            run_id=failure.run_id,
            error_message=failure.error_message,
        )
        with transaction.atomic():
            ticket = ticket_services.open_ticket(new, now=timezone.now())
        time.sleep(JIRA_SECONDS)
        time.sleep(SLACK_SECONDS)
        return Response({"status": "accepted", "ticket_id": ticket.key if ticket else None}, status=202)
