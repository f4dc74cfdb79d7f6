"""The SLA clock as plain functions; `now` and the seconds per priority are passed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tickets.choices import SlaStatus


@dataclass(frozen=True, slots=True)
class SlaClock:
    """Seconds allowed and the moment they end (UTC)."""

    seconds: int
    due_at: datetime


def clock_for(priority: str, started_at: datetime, seconds_by_priority: Mapping[str, int]) -> SlaClock:
    seconds = seconds_by_priority[priority]
    return SlaClock(seconds, started_at + timedelta(seconds=seconds))


def verdict(due_at: datetime, acknowledged_at: datetime) -> str:
    """Met or Breached, decided once, when the ticket is acknowledged. The due second itself still counts as met."""
    return SlaStatus.MET if acknowledged_at <= due_at else SlaStatus.BREACHED
