"""The console's action Replay: chosen events are confirmed once, then taken through the door again. POST only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from accounts.actors import person
from accounts.models import User
from ingestion.models import AlertEvent
from ingestion.replay import FAILED, Tally, replay_event

MOST_AT_ONCE = 100


@admin.action(description="Replay", permissions=["act"])
def replay_selected(
    model_admin: Any, request: HttpRequest, chosen: QuerySet[AlertEvent]
) -> HttpResponse | None:
    """Ask first; after the confirmation replay each event and say what became of them."""
    ids = list(chosen.order_by("pk").values_list("pk", flat=True)[: MOST_AT_ONCE + 1])
    if len(ids) > MOST_AT_ONCE:
        told = f"At most {MOST_AT_ONCE} events at once; for more there is `manage.py replay_alerts`."
        model_admin.message_user(request, told, messages.ERROR)
        return None
    if request.POST.get("confirmed") != "yes":
        return _ask(model_admin, request, ids)
    assert isinstance(request.user, User)
    tally = Tally()
    for event_id in ids:
        replayed = replay_event(event_id, actor=person(request.user))
        tally.add(replayed)
        if replayed.result == FAILED:
            model_admin.message_user(request, f"Event {event_id}: {replayed.message}", messages.ERROR)
    level = messages.WARNING if tally.has_failed else messages.SUCCESS
    model_admin.message_user(request, f"{len(ids)} replayed: {tally}.", level)
    return None


def _ask(model_admin: Any, request: HttpRequest, ids: list[int]) -> HttpResponse:
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"Replay {len(ids)} alert events?" if len(ids) > 1 else "Replay this alert event?",
        "opts": model_admin.model._meta,
        "ids": ids,
        "action_checkbox_name": ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, "admin/ingestion/replay_confirmation.html", context)
