"""The bulk actions of the ticket list: POST, an intermediate page with the questions, one result per ticket."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from accounts.console.permissions import signed_in
from tickets.admin.verbs import VERBS, Order, Outcome, Result, Verb, carry_out
from tickets.models import Ticket

MOST_AT_ONCE = 200
MOST_TOLD_SINGLY = 20
LEVELS = {Outcome.DONE: messages.SUCCESS, Outcome.UNCHANGED: messages.INFO, Outcome.REFUSED: messages.ERROR}
BulkAction = Callable[[Any, HttpRequest, QuerySet[Ticket]], HttpResponse | None]


def register(verb: Verb) -> None:
    """Add a verb of a layer above, to the page of a ticket and to the list; in its `admin.py`."""
    VERBS[verb.name] = verb
    if verb.for_many:
        ACTIONS.append(_as_action(verb))


def _as_action(verb: Verb) -> BulkAction:
    @admin.action(description=verb.label, permissions=["act"])
    def run(model_admin: Any, request: HttpRequest, queryset: QuerySet[Ticket]) -> HttpResponse | None:
        return _run(verb, model_admin, request, queryset)

    run.__name__ = f"{verb.name}_selected"
    return run


ACTIONS: list[BulkAction] = [_as_action(verb) for verb in VERBS.values() if verb.for_many]
"""One admin action per verb that makes sense for many."""


def _run(verb: Verb, model_admin: Any, request: HttpRequest, chosen: QuerySet[Ticket]) -> HttpResponse | None:
    tickets = list(chosen[: MOST_AT_ONCE + 1])
    if len(tickets) > MOST_AT_ONCE:
        messages.error(request, f"At most {MOST_AT_ONCE} tickets at once; choose fewer.")
        return None
    is_confirmed = request.POST.get("confirmed") == "yes"
    form = verb.form(request.POST if is_confirmed else None)
    if is_confirmed and form.is_valid():
        order = Order(signed_in(request), form.cleaned_data)
        tell(request, carry_out(verb, tickets, order))
        return None
    return _ask(verb, model_admin, request, tickets, form)


def _ask(
    verb: Verb, model_admin: Any, request: HttpRequest, tickets: Sequence[Ticket], form: Any
) -> HttpResponse:
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"{verb.label}: {len(tickets)} ticket{'s' if len(tickets) != 1 else ''}",
        "opts": model_admin.opts,
        "verb": verb,
        "tickets": tickets,
        "form": form,
        "action_name": f"{verb.name}_selected",
        "checkbox_name": helpers.ACTION_CHECKBOX_NAME,
        "back": request.get_full_path(),
    }
    return TemplateResponse(request, "admin/tickets/confirm.html", context)


def tell(request: HttpRequest, results: Sequence[Result]) -> None:
    """Each result as a message of its own; of very many only what did not go well, and a count."""
    if len(results) > 1:
        counts = {outcome: sum(result.outcome == outcome for result in results) for outcome in Outcome}
        parts = [f"{number} {outcome}" for outcome, number in counts.items() if number]
        messages.info(request, f"{len(results)} tickets: {', '.join(parts)}.")
    is_long = len(results) > MOST_TOLD_SINGLY
    for result in results:
        if not is_long or result.outcome == Outcome.REFUSED:
            messages.add_message(request, LEVELS[result.outcome], result.text)
