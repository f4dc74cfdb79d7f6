"""`GET /api/deliveries`, `POST /api/deliveries/{id}/send`."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actors import person
from accounts.models import User
from accounts.permissions import IsAnalyst
from audit.api.conditional import ConditionalView
from audit.api.paging import page_by_number
from audit.api.responses import answers, conditional_answers
from integrations.api.serializers import DeliveryAnswerSerializer, DeliveryListSerializer, DeliveryQuery
from integrations.models import Delivery
from integrations.selectors import delivery_row, find_deliveries
from integrations.services import send_again


def _row(delivery: Delivery) -> dict[str, Any]:
    return {**delivery_row(delivery), "ticket_id": delivery.ticket.key}


class DeliveriesView(ConditionalView):
    @extend_schema(
        operation_id="list_deliveries",
        summary="Notifications and how far they are, newest first",
        tags=["deliveries"],
        parameters=[DeliveryQuery],
        responses=conditional_answers(DeliveryListSerializer, errors=(400,)),
    )
    def get(self, request: Request) -> Response:
        asked = DeliveryQuery.read(request)
        found = find_deliveries(ticket=asked.get("ticket", ""), states=asked.get("state", ()))
        shown, following = page_by_number(request, found, asked)
        return Response({"deliveries": [_row(delivery) for delivery in shown], "next": following})


class SendAgainView(APIView):
    permission_classes = (IsAnalyst,)

    @extend_schema(
        operation_id="send_delivery_again",
        summary="Send a notification again",
        tags=["deliveries"],
        request=None,
        responses=answers(DeliveryAnswerSerializer, status=202, errors=(404,)),
    )
    def post(self, request: Request, delivery_id: str) -> Response:
        assert isinstance(request.user, User)
        try:
            send_again(int(delivery_id), actor=person(request.user))
        except Delivery.DoesNotExist as error:
            raise Http404(f"There is no delivery {delivery_id}.") from error
        delivery = Delivery.objects.select_related("ticket").get(pk=delivery_id)
        return Response({"delivery": _row(delivery)}, status=202)
