"""Keeping the summary's counters: changes are appended beside the ticket, folded later, read together.

No row is written by two transactions of the door, so counting makes nobody wait. Every step is plain SQL that
all databases have, and safe in any number of processes.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import Count, F, Q, Sum
from django.db.models.functions import TruncDate

from audit import appending
from tickets import counters
from tickets.choices import SlaStatus, Status
from tickets.counters import Counts, Key
from tickets.models import CounterDelta, CounterTotal, Ticket

FOLDED_AT_ONCE = 500
FOLDS = Key("folds")
SHAPE = Key("shape")
"""Which set of counters is kept; its value is SHAPE_NUMBER once counters that a release brought are filled."""
SHAPE_NUMBER = 2
_MOST_READS = 20


def append(change: Counts) -> None:
    """Write down what a change of a ticket did, inside the caller's transaction; nothing changed, nothing written.

    At the door many alerts leave one row, which holds their sum (`audit.appending`).
    """
    appending.append_sum(change, _delta)


def _delta(change: Counts) -> CounterDelta:
    return CounterDelta(change=counters.encode(change))


def opened(ticket: Ticket) -> None:
    append(counters.contribution(ticket))


def forgotten(ticket: Ticket) -> None:
    """The ticket is about to be deleted (retention)."""
    append(counters.difference({}, counters.contribution(ticket)))


def fold() -> int:
    """Add some waiting changes to the totals; returns how many. Nothing happens where another process was faster."""
    with transaction.atomic():
        waiting = dict(CounterDelta.objects.order_by("id").values_list("pk", "change")[:FOLDED_AT_ONCE])
        if not waiting:
            return 0
        taken = CounterDelta.objects.filter(pk__in=list(waiting)).delete()[0]
        if taken != len(waiting):
            transaction.set_rollback(True)
            return 0
        change = counters.total(waiting.values())
        change[FOLDS] = 1
        _add_to_totals(change)
        return taken


def _add_to_totals(change: Counts) -> None:
    """In the order of the digests, so that two folders cannot wait for each other."""
    for digest, key in sorted((_digest(key), key) for key in change):
        value = change[key]
        if not value:
            continue
        if not CounterTotal.objects.filter(pk=digest).update(value=F("value") + value):
            CounterTotal.objects.create(digest=digest, dimension=key.dimension, name=key.name, value=value)


def _digest(key: Key) -> str:
    return hashlib.blake2b("\n".join(key).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def current() -> Counter[Key]:
    """Every counter that is not zero, as of now: the totals and what waits to be folded.

    The two are read by two statements; when a fold came between them (its number moved), they are read again.
    """
    for _ in range(_MOST_READS):
        before = _read_totals()
        waiting = counters.total(CounterDelta.objects.values_list("change", flat=True))
        folds = CounterTotal.objects.filter(pk=_digest(FOLDS)).values_list("value", flat=True).first() or 0
        if folds == before.get(FOLDS, 0):
            counters.add(before, waiting)
            break
    before.pop(FOLDS, None)
    before.pop(SHAPE, None)
    return Counter({key: value for key, value in before.items() if value})


def _read_totals() -> Counter[Key]:
    rows = CounterTotal.objects.exclude(value=0).values_list("dimension", "name", "value")
    return Counter({Key(dimension, name): value for dimension, name, value in rows})


def counted() -> Counter[Key]:
    """The counters by adding up all tickets: what `current` must equal."""
    found: Counter[Key] = Counter()
    for dimension, column in (
        (counters.STATUS, "status"),
        (counters.SEVERITY, "severity"),
        (counters.ERROR_TYPE, "error_type"),
        (counters.TEAM, "finops_team"),
    ):
        rows = Ticket.objects.order_by().values_list(column).annotate(number=Count("pk"))
        found.update({Key(dimension, name): number for name, number in rows})
    found.update(_verdicts())
    found.update(_showback())
    closed = Q(status=Status.ACKNOWLEDGED, ack_seconds__isnull=False)
    sums = Ticket.objects.aggregate(
        breached=Count("pk", filter=Q(sla_status=SlaStatus.BREACHED)),
        acks=Count("pk", filter=closed),
        seconds=Sum("ack_seconds", filter=closed),
        reports=Sum("occurrences"),
        suppressed=Count("pk", filter=Q(is_suppressed=True)),
        recoveries=Count("recovery_seconds"),
        recovery_seconds=Sum("recovery_seconds"),
    )
    found[Key(counters.SLA, SlaStatus.BREACHED)] = sums["breached"]
    found[Key(counters.ACKNOWLEDGEMENTS)] = sums["acks"]
    found[Key(counters.ACK_SECONDS)] = sums["seconds"] or 0
    found[Key(counters.REPORTS)] = sums["reports"] or 0
    found[Key(counters.SUPPRESSED)] = sums["suppressed"]
    found[Key(counters.RECOVERIES)] = sums["recoveries"]
    found[Key(counters.RECOVERY_SECONDS)] = sums["recovery_seconds"] or 0
    return Counter({key: value for key, value in found.items() if value})


def _verdicts() -> Counter[Key]:
    judged = Ticket.objects.exclude(sla_status=SlaStatus.PENDING).order_by()
    rows = (
        judged.annotate(day=TruncDate("sla_started_at"))
        .values_list("priority", "finops_team", "day", "sla_status")
        .annotate(number=Count("pk"))
    )
    found: Counter[Key] = Counter()
    for priority, team, day, verdict, number in rows:
        for key in counters.verdict_keys(priority, team, day, verdict):
            found[key] += number
    return found


def _showback() -> Counter[Key]:
    rows = (
        Ticket.objects.order_by()
        .annotate(day=TruncDate("opened_at"))
        .values_list("day", "finops_team", "finops_cost_center")
        .annotate(number=Count("pk"), seconds=Sum("downtime_seconds"))
    )
    found: Counter[Key] = Counter()
    for day, team, cost_center, number, seconds in rows:
        name = counters.showback_name(counters.month_of(day), team, cost_center)
        found[Key(counters.FAILURES, name)] += number
        found[Key(counters.DOWNTIME_SECONDS, name)] += seconds or 0
    return found


def fill_new_counters() -> bool:
    """Count the tickets of an older release into the counters that this one brought, once; True when it was done.

    The row that says so is inserted in the same transaction, so of two processes only one can.
    """
    if CounterTotal.objects.filter(pk=_digest(SHAPE), value=SHAPE_NUMBER).exists():
        return False
    try:
        with _snapshot():
            CounterTotal.objects.filter(pk=_digest(SHAPE)).delete()
            CounterTotal.objects.create(
                digest=_digest(SHAPE), dimension=SHAPE.dimension, name=SHAPE.name, value=SHAPE_NUMBER
            )
            append(counters.difference(counted(), current()))
    except (IntegrityError, OperationalError):
        return False  # another process does it, or did
    return True


def reconcile(*, repair: bool) -> Counter[Key]:
    """By how much the counters differ from the tickets, seen in one snapshot; with `repair` that is put right."""
    with _snapshot():
        wrong = counters.difference(counted(), current())
        if repair:
            append(wrong)
    return wrong


@contextmanager
def _snapshot() -> Iterator[None]:
    """A transaction in which all statements see the same moment. SQLite's holds the write lock anyway."""
    with transaction.atomic():
        level = {"postgresql": "REPEATABLE READ", "microsoft": "SERIALIZABLE"}.get(connection.vendor)
        if level and not connection.savepoint_ids:
            with connection.cursor() as cursor:
                cursor.execute(f"SET TRANSACTION ISOLATION LEVEL {level}")
        yield
