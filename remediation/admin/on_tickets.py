"""What a ticket's page shows of remediation, and the verb that asks for a playbook."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminSelectWidget

from accounts.console.permissions import has_role
from accounts.roles import Role
from remediation import services
from remediation.admin.attempts import state_badge
from remediation.models import Attempt, Decision
from remediation.states import PlaybookName
from remediation.telling import title_of
from tickets.admin import bulk
from tickets.admin.panels import Panel, register
from tickets.admin.verbs import Order, RefusedError, Verb
from tickets.models import Ticket

MOST_SHOWN = 50


class PlaybookForm(forms.Form):
    playbook = forms.ChoiceField(
        label="Playbook",
        required=False,
        choices=[("", "The policy's choice"), *PlaybookName.choices],
        help_text="The vendor is asked first. It waits for an approver, unless you are one.",
        widget=UnfoldAdminSelectWidget(),
    )


def run_playbook(ticket_id: int, order: Order) -> Decision:
    try:
        return services.ask_for_playbook(ticket_id, order.values.get("playbook", ""), order.user)
    except services.NotPossibleError as refusal:
        raise RefusedError(str(refusal)) from refusal


def _is_alive(ticket: Ticket) -> bool:
    return not ticket.is_closed


def panel(request: HttpRequest, ticket: Ticket) -> dict[str, Any]:
    found = Attempt.objects.filter(ticket=ticket).select_related("requested_by").prefetch_related("approvals")
    attempts = list(found.order_by("-id")[:MOST_SHOWN])
    for attempt in attempts:
        attempt.ticket = ticket
    return {
        "decision": Decision.objects.filter(ticket=ticket).first(),
        "attempts": [(attempt, title_of(attempt), state_badge(attempt)) for attempt in attempts],
        "may_answer": has_role(request, Role.APPROVER),
    }


bulk.register(
    Verb(
        "run_playbook", "Run playbook", "asked for; the vendor is asked first", run_playbook, "healing",
        PlaybookForm, _is_alive,
    )
)  # fmt: skip
register(Panel("remediation", "Remediation", "admin/tickets/panels/remediation.html", panel, place=45))
