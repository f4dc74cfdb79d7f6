"""How often each action was recorded: totals of the settled entries and a count of the newest ones.

Entries are numbered before they are committed, so a number may appear after a higher one. Only entries older
than SETTLED_AFTER are added to the totals; no transaction of this project lasts that long.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, F, Max, Min

from audit.models import AuditCountMark, AuditEntry, AuditTotal

SETTLED_AFTER = timedelta(minutes=2)
COUNTED_AT_ONCE = 50_000
_MARK = 1
_MOST_READS = 20


def settle(now: datetime) -> int:
    """Add the next settled entries to the totals; returns how many numbers it went forward."""
    with transaction.atomic():
        AuditCountMark.objects.get_or_create(pk=_MARK)
        mark = AuditCountMark.objects.select_for_update().get(pk=_MARK)
        # Counted as well, for SQLite finds a minimum alone by walking the whole record from its first entry.
        unsettled = AuditEntry.objects.filter(created_at__gte=now - SETTLED_AFTER)
        young = unsettled.aggregate(oldest=Min("id"), number=Count("id"))["oldest"]
        newest = AuditEntry.objects.aggregate(newest=Max("id"))["newest"] or 0
        last = min(young - 1 if young else newest, mark.last_entry + COUNTED_AT_ONCE)
        if last <= mark.last_entry:
            return 0
        for action, number in _count(mark.last_entry, last).items():
            if not AuditTotal.objects.filter(pk=action).update(entries=F("entries") + number):
                AuditTotal.objects.create(action=action, entries=number)
        AuditCountMark.objects.filter(pk=_MARK).update(last_entry=last)
        return last - mark.last_entry


def by_action() -> Counter[str]:
    """How many entries of each action there are now; read again when the totals moved on meanwhile."""
    found: Counter[str] = Counter()
    for _ in range(_MOST_READS):
        before = _mark()
        found = Counter(dict(AuditTotal.objects.values_list("action", "entries")))
        found.update(_count(before, None))
        if _mark() == before:
            break
    return found


def _mark() -> int:
    return AuditCountMark.objects.filter(pk=_MARK).values_list("last_entry", flat=True).first() or 0


def _count(after: int, until: int | None) -> Counter[str]:
    """Counted here and not by GROUP BY, for which SQLite walks the whole index of actions instead of the range."""
    entries = AuditEntry.objects.filter(id__gt=after)
    if until is not None:
        entries = entries.filter(id__lte=until)
    return Counter(entries.order_by().values_list("action", flat=True).iterator(chunk_size=5_000))
