"""The SLA clock as plain functions; `now` and the seconds per priority are passed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tickets.choices import SlaStatus

WARN_AT = 0.8


@dataclass(frozen=True, slots=True)
class SlaClock:
    """Seconds allowed and the moment they end (UTC)."""

    seconds: int
    due_at: datetime


def clock_for(priority: str, started_at: datetime, seconds_by_priority: Mapping[str, int]) -> SlaClock:
    seconds = seconds_by_priority[priority]
    return SlaClock(seconds, started_at + timedelta(seconds=seconds))


def warning_at(started_at: datetime, due_at: datetime) -> datetime:
    """The moment at which WARN_AT of the time is used up."""
    return started_at + (due_at - started_at) * WARN_AT


def verdict(due_at: datetime, acknowledged_at: datetime) -> str:
    """Met or Breached, decided once, when the ticket is acknowledged. The due second itself still counts as met."""
    return SlaStatus.MET if acknowledged_at <= due_at else SlaStatus.BREACHED
