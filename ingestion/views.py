"""The faces of the door: read the request, ask who calls, hand the bytes to the service, render its answer."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from audit.middleware import client_address
from ingestion import door
from ingestion.admission import admit
from ingestion.answers import Answer, refused
from ingestion.credentials import Caller
from ingestion.selectors import newest_ticket_of_run
from ingestion.services import Inbound, database_away, receive
from ingestion.sources import registry


def render(answer: Answer) -> HttpResponse:
    return HttpResponse(
        answer.encoded(),
        status=answer.http_status,
        headers=answer.headers,
        content_type="application/json",
    )


def caller_of(request: HttpRequest, source: str, *, is_alert: bool = True) -> Caller | Answer:
    return admit(
        source,
        request.headers,
        query_key=request.GET.get("api_key", ""),
        address=client_address(request),
        is_alert=is_alert,
    )


class OneMethodView(View):
    """Takes one method; who comes with another is told which."""

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        allowed = ", ".join(self.http_method_names).upper()
        detail = f"{request.method} is not taken at this address; expected {allowed}."
        return render(refused(405, detail, Allow=allowed))


@method_decorator(csrf_exempt, name="dispatch")
class AlertWebhook(OneMethodView):
    """`POST` to one source's address; under ASGI `ingestion.fast_door` stands in front of it."""

    http_method_names = ["post"]
    source = ""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        spec = registry()[self.source]
        caller = caller_of(request, spec.slug)
        if isinstance(caller, Answer):
            return render(caller)
        limit = settings.INGESTION_MAX_BODY_BYTES
        try:
            body = (
                request.body
                if door.declared_length(request.headers.get("Content-Length", "")) <= limit
                else None
            )
        except RequestDataTooBig:
            body = None
        if body is None or len(body) > limit:
            return render(door.too_large())
        inbound = Inbound(
            body=body,
            content_type=request.headers.get("Content-Type", ""),
            headers=door.kept_headers(request.headers),
            key_name=caller.key_name,
            remote_address=client_address(request),
        )
        return render(receive(spec, inbound))


@method_decorator(csrf_exempt, name="dispatch")  # another method's answer is 405, not a lecture on cookies
class CheckTicket(OneMethodView):
    """`GET /check-ticket/{run_id}`: is there a ticket for this run?"""

    http_method_names = ["get"]

    def get(self, request: HttpRequest, run_id: str) -> HttpResponse:
        source = request.GET.get("source", "")
        caller = caller_of(request, source, is_alert=False)
        if isinstance(caller, Answer):
            return render(caller)
        if source and source not in registry():
            return render(refused(400, f"source: expected one of {', '.join(registry())}."))
        try:
            ticket = newest_ticket_of_run(run_id, source=source, workspace=request.GET.get("workspace", ""))
        except (OperationalError, InterfaceError) as error:
            return render(database_away(error))
        return JsonResponse({"exists": ticket is not None, "ticket_id": ticket.key if ticket else None})
