"""Reads of tickets: the lists, the detail, what is like it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.db.models import Q, QuerySet
from django.utils import timezone

from tickets.choices import SlaStatus, Status
from tickets.models import Ticket
from tickets.rows import with_row_relations
from tickets.search import MOST_WALKED, is_walked, search

MOST_SIMILAR = 5
AT_RISK = timedelta(minutes=15)
NOBODY = "none"
ORDERED_BY = {
    Status.OPEN: "opened_at",
    Status.IN_PROGRESS: "opened_at",
    Status.ACKNOWLEDGED: "acknowledged_at",
}


@dataclass(frozen=True, slots=True)
class TicketFilters:
    """What to narrow a list to; `since` inclusive and `until` exclusive, on the time the list is ordered by.

    `owner` is an e-mail address, or NOBODY.
    """

    search: str = ""
    severity: tuple[str, ...] = ()
    priority: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    team: str = ""
    owner: str = ""
    sla: Literal["", "breached", "risk"] = ""
    since: datetime | None = None
    until: datetime | None = None

    def apply(self, status: Status) -> QuerySet[Ticket]:
        tickets = Ticket.objects.filter(status=status)
        order = ORDERED_BY[status]
        for column, values in (
            ("severity", self.severity),
            ("priority", self.priority),
            ("source", self.source),
        ):
            if values:
                tickets = tickets.filter(**{f"{column}__in": values})
        if self.team:
            tickets = tickets.filter(finops_team=self.team)
        if self.owner:
            tickets = tickets.filter(_owned_by(self.owner, status))
        if self.sla:
            tickets = tickets.filter(_stands(self.sla, status, timezone.now()))
        if self.since:
            tickets = tickets.filter(**{f"{order}__gte": self.since})
        if self.until:
            tickets = tickets.filter(**{f"{order}__lt": self.until})
        return search(tickets, self.search)


def _owned_by(owner: str, status: Status) -> Q:
    """A closed ticket that nobody was given counts as theirs who acknowledged it, as the dashboard shows it."""
    email = "" if owner == NOBODY else owner
    given = Q(assigned_to__email=email) if email else Q(pk__in=())
    if status == Status.ACKNOWLEDGED:
        return given | Q(assigned_to=None, ack_user=email)
    return given if email else Q(assigned_to=None)


def _stands(sla: str, status: Status, now: datetime) -> Q:
    """By the clock while it runs, by the verdict afterwards; a closed ticket is never at risk."""
    if status == Status.ACKNOWLEDGED:
        return Q(sla_status=SlaStatus.BREACHED) if sla == "breached" else Q(pk__in=())
    if sla == "breached":
        return Q(sla_due_at__lt=now)
    return Q(sla_due_at__gte=now, sla_due_at__lt=now + AT_RISK)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page ended: the ordering time and the primary key of its last row."""

    moment: datetime
    pk: int


@dataclass(frozen=True, slots=True)
class Page:
    """`following` is where the next page begins; None where all has been looked through."""

    tickets: Sequence[Ticket]
    following: Position | None


def newest_first(status: Status, filters: TicketFilters, after: Position | None = None) -> QuerySet[Ticket]:
    """A list's rows from just behind `after`; the same index answers every page."""
    order = ORDERED_BY[status]
    tickets = filters.apply(status)
    if status == Status.ACKNOWLEDGED:
        tickets = tickets.filter(acknowledged_at__isnull=False)  # always so; it lets the partial indexes in
    if after is not None:
        # The first condition bounds the index scan, the second decides among rows of the same microsecond.
        tickets = tickets.filter(**{f"{order}__lte": after.moment}).filter(
            Q((f"{order}__lt", after.moment)) | Q(pk__lt=after.pk)
        )
    return tickets.order_by(f"-{order}", "-pk")


def page(status: Status, filters: TicketFilters, *, after: Position | None, limit: int) -> Page:
    """At most `limit` tickets; fewer, even none, with more to follow where a search must walk (`is_walked`)."""
    tickets = newest_first(status, filters, after)
    edge = _end_of_walk(status, filters, after) if is_walked(filters.search) else None
    if edge is not None:
        order = ORDERED_BY[status]
        tickets = tickets.filter(**{f"{order}__gte": edge.moment}).filter(
            Q((f"{order}__gt", edge.moment)) | Q(pk__gte=edge.pk)
        )
    found = list(with_row_relations(tickets)[: limit + 1])
    if len(found) > limit:
        return Page(found[:limit], position_of(status, found[limit - 1]))
    return Page(found, edge)


def _end_of_walk(status: Status, filters: TicketFilters, after: Position | None) -> Position | None:
    """The last of the next MOST_WALKED tickets of a list, whatever it is narrowed to; None where it ends before."""
    rows = newest_first(status, TicketFilters(since=filters.since, until=filters.until), after)
    ends = list(rows.values_list(ORDERED_BY[status], "pk")[MOST_WALKED - 1 : MOST_WALKED + 1])
    return Position(*ends[0]) if len(ends) > 1 else None


def position_of(status: Status, ticket: Ticket) -> Position:
    moment = getattr(ticket, ORDERED_BY[status])
    return Position(moment, ticket.pk)


def ticket_by_key(key: str) -> Ticket | None:
    """With its owner, in one query; `key` is unique, so nothing is put in order."""
    return Ticket.objects.select_related("assigned_to").filter(key=key).order_by().first()


def closed_like(ticket: Ticket) -> QuerySet[Ticket]:
    """The last closed tickets of the same resource and error type, for what helped then."""
    if not ticket.error_type:
        return Ticket.objects.none()
    alike = Ticket.objects.filter(
        pipeline=ticket.pipeline, error_type=ticket.error_type, status=Status.ACKNOWLEDGED
    )
    return alike.exclude(pk=ticket.pk).order_by("-opened_at")[:MOST_SIMILAR]
