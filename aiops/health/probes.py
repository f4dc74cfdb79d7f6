"""What `/readyz` looks at, each probe a plain function that answers ok, degraded or down with a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from ingestion import worker_pulse
from tickets.models import ClockPulse, Ticket
from tickets.pulse import AWAY_AFTER, NAME, TOLD_FOR

OK, DEGRADED, DOWN = "ok", "degraded", "down"
OLDEST_WAITING = timedelta(minutes=5)
MOST_WAITING_READ = 1_000
WORKER_SILENT = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Probe:
    state: str
    detail: str = ""


def probe_all() -> tuple[str, dict[str, Probe]]:
    """The overall state and every probe; `down` only when an alert could not be accepted."""
    checks = {"database": _database()}
    if checks["database"].state == OK:
        checks |= {"worker": worker(), "oldest_event": oldest_waiting(), "clock": clock()}
    checks |= {"broker": _broker(), "webhook_auth": _webhook_auth()}
    states = {probe.state for probe in checks.values()}
    overall = DOWN if DOWN in states else DEGRADED if DEGRADED in states else OK
    return overall, checks


def _database() -> Probe:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except DatabaseError as error:
        return Probe(DOWN, f"not reachable ({type(error).__name__})")
    return Probe(OK, connection.vendor)


def _broker() -> Probe:
    if settings.EMBEDDED:
        return Probe(OK, "embedded")
    import redis  # noqa: PLC0415 - an embedded desk does without its memory

    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1) as client:
            client.ping()
    except redis.RedisError as error:
        return Probe(DEGRADED, f"not reachable ({type(error).__name__}); work waits in the database")
    return Probe(OK, "redis")


def worker() -> Probe:
    seen = worker_pulse.last_seen()
    if seen is None:
        return Probe(DEGRADED, "never seen")
    age = timezone.now() - seen
    if age > WORKER_SILENT:
        return Probe(DEGRADED, f"last seen {round(age.total_seconds())} s ago")
    return Probe(OK, f"seen {round(age.total_seconds())} s ago")


def oldest_opening() -> datetime | None:
    """When the oldest of the waiting tickets whose turn is next was opened.

    Ordered by opening, or asked for the least, SQLite would walk all tickets in search of one that waits.
    """
    waiting = (
        Ticket.objects.filter(needs_work=True).order_by("work_due_at").values_list("opened_at", flat=True)
    )
    return min(waiting[:MOST_WAITING_READ], default=None)


def oldest_waiting() -> Probe:
    oldest = oldest_opening()
    if oldest is None:
        return Probe(OK, "nothing waits")
    age = timezone.now() - oldest
    state = DEGRADED if age > OLDEST_WAITING else OK
    return Probe(state, f"oldest waiting ticket is {round(age.total_seconds())} s old")


def clock() -> Probe:
    """Whether somebody looks at due moments, and whether that was missed in the last hour."""
    pulse = ClockPulse.objects.filter(name=NAME).first()
    if pulse is None:
        return Probe(DEGRADED, "never looked at")
    now = timezone.now()
    age = round((now - pulse.seen_at).total_seconds())
    if now - pulse.seen_at > AWAY_AFTER:
        return Probe(DEGRADED, f"nobody has looked for {age} s: no breach is noticed, nothing is escalated")
    said = f"looked at {age} s ago"
    if pulse.back_at is not None and now - pulse.back_at < TOLD_FOR:
        said += f"; was away {pulse.away_seconds} s until {pulse.back_at:%H:%M:%S} UTC and has caught up"
    return Probe(OK, said)


def _webhook_auth() -> Probe:
    if settings.WEBHOOK_AUTH == "off":
        return Probe(DEGRADED, "WEBHOOK_AUTH is off: anybody may open tickets")
    return Probe(OK, "on")
