"""The pages and addresses that are read at many tickets, and the usual way to answer the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import Avg, Count, Q, QuerySet
from django.utils import timezone

from audit.api.paging import encode_cursor
from audit.models import AuditEntry
from bench.volume.tickets import COMMON_WORD, RARE_WORD, SCARCE_WORD
from tickets.api.query import cursor_at
from tickets.choices import Status
from tickets.models import Ticket
from tickets.selectors import Position

PER_PAGE = 50
CONSOLE = "/admin/tickets/ticket/"
RECORD = "/admin/audit/auditentry/"


@dataclass(frozen=True, slots=True)
class Page:
    """An address of the product; `kind` sorts it under an aim, `naive` answers the same in the usual way.

    The figures of a `kept` page are shared for some seconds: what is measured is the one reader who pays for them.
    """

    name: str
    kind: str
    address: str
    naive: Callable[[], object] | None = None


def pages() -> Iterator[Page]:
    """Every page under measurement, on the default database."""
    yield from _api()
    yield from _searches()
    yield from _record()
    yield from _console()


def _api() -> Iterator[Page]:
    closed = Ticket.objects.filter(status=Status.ACKNOWLEDGED).order_by("-acknowledged_at", "-id")
    half = closed.count() // 2
    moment, key = closed.values_list("acknowledged_at", "pk")[half]
    assert moment is not None
    ticket = (
        Ticket.objects.filter(status=Status.ACKNOWLEDGED).order_by("-id").values_list("key", flat=True)[0]
    )
    week = urlencode({"since": (timezone.now() - timedelta(days=180)).isoformat(),
                      "until": (timezone.now() - timedelta(days=173)).isoformat()})  # fmt: skip
    opened = Ticket.objects.filter(status=Status.OPEN).order_by("-opened_at", "-id")
    yield Page("open, first page", "page", "/api/open-tickets?limit=50", lambda: _paged(opened, 1))
    yield Page("closed, first page", "page", "/api/closed-tickets?limit=50", lambda: _paged(closed, 1))
    yield Page(
        "closed, page in the middle",
        "page",
        f"/api/closed-tickets?limit=50&cursor={cursor_at(Position(moment, key))}",
        lambda: _paged(closed, half // PER_PAGE),
    )
    for name, query in (
        ("severity", "severity=Critical"),
        ("rare source", "source=azure_functions"),
        ("rare source and severity", "source=azure_functions&severity=Critical"),
        ("team and priority", "team=HR&priority=P1"),
        ("absent team", "team=Nobody"),
        ("a week half a year ago", week),
    ):
        yield Page(f"closed by {name}", "page", f"/api/closed-tickets?limit=50&{query}")
    yield Page("a ticket's detail", "page", f"/api/tickets/{ticket}")
    yield Page("live board", "kept", "/api/board")
    yield Page("summary", "summary", "/api/summary", _naive_summary)


def _searches() -> Iterator[Page]:
    for kind, word in (
        ("rare", RARE_WORD), ("scarce", SCARCE_WORD), ("common", COMMON_WORD), ("absent", "wolpertinger"),
        ("two letters", "zq"),
    ):  # fmt: skip
        for status, address in ((Status.OPEN, "open"), (Status.ACKNOWLEDGED, "closed")):
            yield Page(
                f"search {address}, {kind} word",
                "search",
                f"/api/{address}-tickets?limit=50&search={word}",
                partial(_naive_search, word, status),
            )


def _record() -> Iterator[Page]:
    newest = AuditEntry.objects.order_by("-id").values_list("id", flat=True)[0]
    key = Ticket.objects.order_by("id").values_list("key", flat=True)[10]
    day = urlencode({"since": (timezone.now() - timedelta(days=180)).isoformat(),
                     "until": (timezone.now() - timedelta(days=179)).isoformat()})  # fmt: skip
    entries = AuditEntry.objects.order_by("-id")
    first = "/api/audit-trail?limit=50"
    yield Page("audit trail, first page", "page", first, lambda: _paged(entries, 1))
    yield Page(
        "audit trail, middle",
        "page",
        f"{first}&cursor={encode_cursor(newest // 2)}",
        lambda: _paged(entries, newest // 2 // PER_PAGE),
    )
    yield Page("audit trail by action", "page", f"{first}&action=Ticket+Closed")
    yield Page("audit trail by ticket", "page", f"{first}&ticket={key}")
    yield Page("audit trail by day", "page", f"{first}&{day}")
    yield Page("audit trail by day and action", "page", f"{first}&action=Ticket+Closed&{day}")
    yield Page("audit summary", "summary", "/api/audit-summary")


def _console() -> Iterator[Page]:
    pk = Ticket.objects.order_by("-id").values_list("pk", flat=True)[0]
    day = (timezone.now() - timedelta(days=180)).date().isoformat()
    last = min(100, pk // PER_PAGE)
    yield Page("console, front page", "kept", "/admin/")
    yield Page("console, tickets", "page", CONSOLE)
    yield Page("console, tickets, last numbered page", "page", f"{CONSOLE}?p={last}")
    for name, query in (
        ("open", "state=open"),
        ("not acknowledged", "state=unfinished"),
        ("breached", "sla=breached&o=3"),
        ("acknowledged late", "sla=missed"),
        ("assigned to me", "owner=me"),
        ("of nobody", "owner=nobody"),
        ("rare source", "source__exact=azure_functions"),
        ("severity", "severity__exact=Critical"),
        ("cause", "cause_class__exact=timeout"),
        ("error type", "error_type=UserErrorCase059"),
        ("team", "team=HR"),
        ("absent cost centre", "cost_centre=CC-9"),
        ("a day", f"opened_at_from={day}&opened_at_to={day}"),
        ("not acknowledged, by time left", "state=unfinished&o=3"),
        ("by pipeline", "o=1"),
        ("oldest first", "o=7"),
    ):
        yield Page(f"console, tickets, {name}", "page", f"{CONSOLE}?{query}")
    for kind, word in (("rare", RARE_WORD), ("common", COMMON_WORD), ("absent", "wolpertinger")):
        yield Page(f"console, tickets, search {kind} word", "search", f"{CONSOLE}?q={word}")
    yield Page("console, a ticket", "page", f"{CONSOLE}{pk}/change/")
    yield Page("console, audit trail", "page", RECORD)
    yield Page("console, audit trail, last numbered page", "page", f"{RECORD}?p={last}")
    yield Page("console, audit trail by action", "page", f"{RECORD}?action=Ticket+Closed")
    yield Page("console, audit trail of people", "page", f"{RECORD}?actor_kind__exact=vendor_user")
    yield Page("console, audit trail, a day", "page", f"{RECORD}?created_at_from={day}&created_at_to={day}")


def _paged(rows: QuerySet[Ticket] | QuerySet[AuditEntry], number: int) -> object:
    """Django's paginator as the stock list views use it: a count, then OFFSET."""
    page = Paginator(rows, PER_PAGE).page(max(number, 1))
    return list(page.object_list), page.paginator.count


def _naive_search(word: str, status: Status) -> object:
    found = Q()
    for column in (
        "key",
        "pipeline",
        "run_id",
        "itsm_ticket_id",
        "error_type",
        "error_message",
        "root_cause",
    ):
        found |= Q((f"{column}__icontains", word))
    return _paged(Ticket.objects.filter(found, status=status).order_by("-opened_at", "-id"), 1)


def _naive_summary() -> object:
    tickets = Ticket.objects.order_by()
    return [
        list(tickets.values_list(column).annotate(number=Count("id")))
        for column in ("status", "severity", "error_type", "finops_team", "sla_status")
    ] + [tickets.filter(status=Status.ACKNOWLEDGED).aggregate(mean=Avg("ack_seconds"))]
