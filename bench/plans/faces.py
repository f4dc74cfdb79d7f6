"""What people and senders do: alerts at the door, pages, exports, figures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial

from django.test import Client

from audit.api.views import read_entries
from audit.models import AuditEntry
from audit.selectors import AuditFilters
from bench.pages import pages
from bench.plans.acts import Act
from bench.probe import Reader
from bench.servers import KEY
from ingestion.sources import registry
from tests.sources.payloads import declared
from tickets.api.exports import read_tickets
from tickets.choices import Status
from tickets.models import Ticket
from tickets.selectors import Position, TicketFilters

EXPORTED = 500
LISTS = (
    ("tickets in progress", "/admin/tickets/ticket/?state=in_progress"),
    ("tickets acknowledged in time", "/admin/tickets/ticket/?sla=met"),
    ("tickets at risk", "/admin/tickets/ticket/?sla=risk"),
    ("tickets of anybody", "/admin/tickets/ticket/?owner=anybody"),
    ("tickets of quiet times", "/admin/tickets/ticket/?suppressed=yes"),
    ("tickets of a priority", "/admin/tickets/ticket/?priority__exact=P1"),
    ("tickets of a pipeline", "/admin/tickets/ticket/?pipeline__exact=HR_LoadStock_0003"),
    ("tickets of a rare cost centre", "/admin/tickets/ticket/?cost_centre=CC-1006"),
    ("deliveries", "/admin/integrations/delivery/"),
    ("deliveries by state", "/admin/integrations/delivery/?state__exact=parked"),
    ("deliveries by channel", "/admin/integrations/delivery/?channel__exact=email"),
    ("deliveries by operation", "/admin/integrations/delivery/?operation__exact=escalate"),
    (
        "deliveries of a day",
        "/admin/integrations/delivery/?created_at_from=2026-05-01&created_at_to=2026-05-01",
    ),
    ("deliveries by ticket, search", "/admin/integrations/delivery/?q=ADF-20260501"),
    ("deliveries by message id, search", "/admin/integrations/delivery/?q=DATA-77"),
    ("alert events", "/admin/ingestion/alertevent/"),
    ("alert events by outcome", "/admin/ingestion/alertevent/?outcome__exact=failed"),
    ("alert events by source", "/admin/ingestion/alertevent/?source=azure_functions"),
    (
        "alert events of a day",
        "/admin/ingestion/alertevent/?received_at_from=2026-05-01&received_at_to=2026-05-01",
    ),
    ("alert events, search", "/admin/ingestion/alertevent/?q=wolpertinger"),
    ("alert events, a number", "/admin/ingestion/alertevent/?q=77"),
    ("alert events, a ticket", "/admin/ingestion/alertevent/?q=adf-20260501t120000-0a1b2c"),
)


def door() -> Iterator[Act]:
    for source in registry():
        yield Act("door", f"alerts of {source}", partial(post_recorded, source))


def post_recorded(source: str) -> None:
    """Every recorded alert of a source, twice."""
    sender = Client(headers={"host": "127.0.0.1", "x-api-key": KEY})
    for recorded in declared():
        if recorded.spec.slug != source:
            continue
        for _ in range(2):
            answer = sender.post(
                recorded.spec.path, json.dumps(recorded.body), content_type="application/json"
            )
            if answer.status_code != 202:
                raise SystemExit(f"bench: {recorded} was answered {answer.status_code}")


def reading() -> Iterator[Act]:
    reader = Reader()
    for page in pages():
        yield Act("pages", page.name, partial(reader.get, page.address), reader.forget)
    for name, address in LISTS:
        yield Act("pages", f"console, {name}", partial(reader.get, address), reader.forget)
    for address in (
        "/readyz",
        "/metrics",
        "/api/showback",
        "/api/in-progress-tickets?limit=50",
        "/api/open-tickets?limit=50&sla=breached",
        "/api/open-tickets?limit=50&owner=none",
        "/api/closed-tickets?limit=50&owner=person3@example.com",
        "/api/remediation?limit=50",
    ):
        yield Act("pages", address, partial(reader.get, address), reader.forget)


def exports() -> Iterator[Act]:
    closed = Ticket.objects.filter(status=Status.ACKNOWLEDGED, acknowledged_at__isnull=False)
    middle = closed.order_by("pk")[closed.count() // 2]
    assert middle.acknowledged_at is not None
    after = Position(middle.acknowledged_at, middle.pk)
    newest = AuditEntry.objects.latest("pk").pk
    filters = TicketFilters()
    yield Act("exports", "open tickets", lambda: read_tickets(Status.OPEN, filters, None, EXPORTED))
    yield Act("exports", "closed tickets", lambda: read_tickets(Status.ACKNOWLEDGED, filters, None, EXPORTED))
    yield Act(
        "exports",
        "closed tickets, middle",
        lambda: read_tickets(Status.ACKNOWLEDGED, filters, after, EXPORTED),
    )
    yield Act("exports", "audit trail", lambda: read_entries(AuditFilters(), None, EXPORTED))
    yield Act("exports", "audit trail, middle", lambda: read_entries(AuditFilters(), newest // 2, EXPORTED))
