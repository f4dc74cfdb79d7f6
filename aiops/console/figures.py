"""The numbers of the front page. Every query has a bound, and a number whose rows have a list leads there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.db.models import Avg, DurationField, ExpressionWrapper, F
from django.urls import reverse
from django.utils import timezone

from aiops.console.kept import as_count, bounded_count
from audit.times import duration
from ingestion.models import AlertEvent, Outcome, RunLookup
from integrations.models import Delivery, State
from tickets.choices import Status
from tickets.models import NOT_ACKNOWLEDGED, Ticket
from tickets.summary import summary

MOST_AVERAGED = 5_000
UNREAD = (Outcome.UNSUPPORTED, Outcome.MALFORMED, Outcome.FAILED)


@dataclass(frozen=True, slots=True)
class Figure:
    """`address` is the list of what is counted, "" where there is none; `tone` is `bad` where somebody should look."""

    title: str
    value: str
    note: str
    address: str = ""
    tone: str = ""


def read_figures() -> list[Figure]:
    now = timezone.now()
    tickets = reverse("admin:tickets_ticket_changelist")
    return [*_queue(now, tickets), *_today(now, tickets), _recovery(), _waiting(now), _deliveries()]


def _queue(now: datetime, tickets: str) -> list[Figure]:
    opened = bounded_count(Ticket.objects.filter(status=Status.OPEN))
    running = bounded_count(Ticket.objects.filter(status=Status.IN_PROGRESS))
    late = Ticket.objects.filter(NOT_ACKNOWLEDGED, sla_due_at__lt=now)
    breached = bounded_count(late)
    first = late.order_by("sla_due_at").values_list("sla_due_at", flat=True).first() if breached else None
    oldest = f"oldest by {duration((now - first).total_seconds())}" if first else "nothing past due"
    return [
        Figure("Open", as_count(opened), f"{as_count(running)} in progress", f"{tickets}?state=open"),
        Figure(
            "SLA breached",
            as_count(breached),
            oldest,
            f"{tickets}?sla=breached",
            "bad" if breached else "",
        ),
    ]


def _today(now: datetime, tickets: str) -> list[Figure]:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    done = Ticket.objects.filter(status=Status.ACKNOWLEDGED, acknowledged_at__gte=midnight)
    whole = ExpressionWrapper(F("acknowledged_at") - F("opened_at"), output_field=DurationField())
    sample = done.annotate(whole=whole).order_by("-acknowledged_at").values("ack_seconds", "whole")
    means = sample[:MOST_AVERAGED].aggregate(ack=Avg("ack_seconds"), mean_whole=Avg("whole"))
    address = f"{tickets}?state=acknowledged"
    if means["ack"] is None:
        nothing = "nothing acknowledged since 00:00 UTC"
        return [Figure("MTTA today", "–", nothing, address), Figure("MTTR today", "–", nothing, address)]
    return [
        Figure("MTTA today", duration(means["ack"]), "SLA start to acknowledgement", address),
        Figure(
            "MTTR today",
            duration(means["mean_whole"].total_seconds()),
            "first seen to last acknowledged",
            address,
        ),
    ]


def _recovery() -> Figure:
    """From a failure to the next success, of all time, as the summary has it: the counters give it in a few reads."""
    known = summary()
    note = f"{known['noise_ratio']:.1f} reports per ticket, {known['suppressed_tickets']:,} born in quiet"
    recovered = known["recovered_tickets"]
    value = duration(known["mttr_recovered_min"] * 60) if recovered else "–"
    return Figure("Time to recovery", value, note)


def _waiting(now: datetime) -> Figure:
    waiting = bounded_count(Ticket.objects.filter(needs_work=True, work_due_at__lte=now))
    lookups = bounded_count(RunLookup.objects.filter(state=RunLookup.State.WAITING))
    since = (now - timedelta(days=1)).replace(second=0, microsecond=0)
    unread = bounded_count(AlertEvent.objects.filter(received_at__gte=since, outcome__in=UNREAD))
    note = f"{as_count(waiting + lookups)} waiting, {as_count(unread)} not understood in 24 h"
    wanted = urlencode({"outcome__in": ",".join(UNREAD), "received_at__gte": since.isoformat()})
    address = f"{reverse('admin:ingestion_alertevent_changelist')}?{wanted}"
    tone = "bad" if unread else ""
    return Figure("Events not processed", as_count(waiting + lookups + unread), note, address, tone)


def _deliveries() -> Figure:
    failed = bounded_count(Delivery.objects.filter(state=State.PARKED))
    retrying = bounded_count(Delivery.objects.filter(state=State.RETRYING))
    address = f"{reverse('admin:integrations_delivery_changelist')}?state__exact=parked"
    note = f"{as_count(retrying)} being tried again"
    return Figure("Deliveries failed", as_count(failed), note, address, "bad" if failed else "")
