"""Housekeeping of the tickets' own tables."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from tickets import counter_store, pulse, search_index, services
from tickets.escalation.services import take_due_steps
from tickets.models import IdentityGuard, LiveEvent
from tickets.quiet.services import sum_up_ended

LIVE_EVENTS_KEPT = timedelta(hours=24)
GUARDS_KEPT = timedelta(days=8)


@shared_task(name="tickets.trim_live_events")
def trim_live_events() -> int:
    """Forget live events that no client will ask for again, and guards of long past failures."""
    now = timezone.now()
    IdentityGuard.objects.filter(created_at__lt=now - GUARDS_KEPT).delete()
    old = LiveEvent.objects.filter(created_at__lt=now - LIVE_EVENTS_KEPT)
    known = search_index.known_until()
    return (old if known is None else old.filter(pk__lte=known)).delete()[0]


@shared_task(name="tickets.fill_search_index")
def fill_search_index() -> int:
    """Take new and changed tickets into SQLite's search index; returns how many steps it went forward."""
    forward = 0
    while taken := search_index.take_in():
        forward += taken
    return forward


@shared_task(name="tickets.fold_counters")
def fold_counters() -> int:
    """Fold the waiting changes of the summary's counters; returns how many. Counters new in a release are filled."""
    counter_store.fill_new_counters()
    folded = 0
    while taken := counter_store.fold():
        folded += taken
    return folded


@shared_task(name="tickets.watch_sla")
def watch_sla() -> int:
    """All that the clock owes at this moment: breaches, warnings, escalation steps, quiet times that ended.

    Returns how many were new. After an absence everything that came due is taken in one go.
    """
    now = timezone.now()
    pulse.look(now)
    new = 0
    while found := services.mark_breaches(now):
        new += found
    new += services.mark_warnings(now)
    while found := take_due_steps(now):
        new += found
    return new + sum_up_ended(now)
