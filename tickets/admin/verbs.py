"""What an analyst does to tickets from the console: each verb is one call of `tickets.services` per ticket.

The same verbs serve the bulk actions of the list and the buttons of the detail page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django import forms

from accounts.actors import person
from accounts.models import User
from audit import actions
from tickets import services
from tickets.admin import forms as ticket_forms
from tickets.choices import Status
from tickets.models import Ticket


class RefusedError(Exception):
    """A verb of a layer above does not do it to this ticket; the message says why."""


class Outcome(StrEnum):
    DONE = "done"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one ticket, as one sentence."""

    ticket_key: str
    outcome: Outcome
    text: str


@dataclass(frozen=True, slots=True)
class Order:
    """Who wants it, the checked form, and on the detail page the version that was looked at."""

    user: User
    values: Mapping[str, Any] = field(default_factory=dict)
    version: int | None = None


Run = Callable[[int, Order], object]


@dataclass(frozen=True, slots=True)
class Verb:
    """`fits` says whether to offer it for a ticket; whether it may happen is decided by the service."""

    name: str
    label: str
    done: str
    run: Run
    icon: str
    form: type[forms.Form] = forms.Form
    fits: Callable[[Ticket], bool] = lambda ticket: True
    for_many: bool = True


def _acknowledge(ticket_id: int, order: Order) -> Ticket:
    return services.acknowledge(
        ticket_id,
        actor=person(order.user),
        note=order.values.get("note", ""),
        employee_id=order.values.get("employee_id", ""),
        expected_version=order.version,
    )


def _start(ticket_id: int, order: Order) -> Ticket:
    return services.start(
        ticket_id, actor=person(order.user), user=order.user, expected_version=order.version
    )


def _reopen(ticket_id: int, order: Order) -> Ticket:
    return services.return_to_open(
        ticket_id,
        actor=person(order.user),
        reason=order.values.get("reason", ""),
        expected_version=order.version,
    )


def _assign(ticket_id: int, order: Order) -> Ticket:
    return services.assign(ticket_id, order.values["person"], actor=person(order.user))


def _reanalyse(ticket_id: int, order: Order) -> Ticket:
    return services.request_work(
        ticket_id, action=actions.RCA_REQUESTED, actor=person(order.user), reason="Asked for in the console"
    )


def _comment(ticket_id: int, order: Order) -> object:
    return services.add_comment(ticket_id, order.values["text"], actor=person(order.user))


def _is_open(ticket: Ticket) -> bool:
    return ticket.status == Status.OPEN


def _is_alive(ticket: Ticket) -> bool:
    return not ticket.is_closed


def _is_not_open(ticket: Ticket) -> bool:
    return ticket.status != Status.OPEN


VERBS: dict[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb(
            "acknowledge", "Acknowledge", "acknowledged", _acknowledge, "task_alt",
            ticket_forms.AcknowledgeForm, _is_alive,
        ),
        Verb("start", "Start", "started", _start, "play_arrow", fits=_is_open),
        Verb("reopen", "Reopen", "open again", _reopen, "undo", ticket_forms.ReopenForm, _is_not_open),
        Verb("assign", "Assign", "assigned", _assign, "person", ticket_forms.AssignForm),
        Verb("reanalyse", "Re-analyse", "sent to be analysed again", _reanalyse, "troubleshoot"),
        Verb(
            "comment", "Comment", "commented on", _comment, "comment", ticket_forms.CommentForm, for_many=False
        ),
    )
}  # fmt: skip


def carry_out(verb: Verb, tickets: Iterable[Ticket], order: Order) -> list[Result]:
    """Do it to each ticket in a transaction of its own: one that cannot go there does not hold up the rest."""
    return [_carry_out_one(verb, ticket, order) for ticket in tickets]


def _carry_out_one(verb: Verb, ticket: Ticket, order: Order) -> Result:
    try:
        answer = verb.run(ticket.pk, order)
    except (services.TransitionError, services.ConflictError, RefusedError) as error:
        return Result(ticket.key, Outcome.REFUSED, f"{ticket.key}: {error}")
    except Ticket.DoesNotExist:
        return Result(ticket.key, Outcome.REFUSED, f"{ticket.key}: there is no such ticket any more.")
    if isinstance(answer, Ticket) and answer.version == ticket.version:
        state = answer.get_status_display().lower()
        return Result(
            ticket.key, Outcome.UNCHANGED, f"{ticket.key}: nothing to do, it is {state} as asked for."
        )
    return Result(ticket.key, Outcome.DONE, f"{ticket.key}: {verb.done}.")
