"""The summary's counters as a function of tickets: what one ticket counts for, and what a change does. Pure.

The counters at any moment are the sum of `contribution` over all tickets; `tickets.counter_store` keeps that sum
without ever adding it up.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

from tickets.choices import SlaStatus, Status

STATUS = "status"
SEVERITY = "severity"
ERROR_TYPE = "error_type"
TEAM = "team"
SLA = "sla"
ACKNOWLEDGEMENTS = "acks"
ACK_SECONDS = "ack_seconds"


class Key(NamedTuple):
    """A counter: `Key("severity", "High")`; counters without parts have an empty name."""

    dimension: str
    name: str = ""


Counts = Mapping[Key, int]


class Countable(Protocol):
    """What the counters see of a ticket."""

    status: str
    severity: str
    error_type: str
    finops_team: str
    sla_status: str
    ack_seconds: int | None


def contribution(ticket: Countable) -> Counter[Key]:
    """What this ticket, as it is, adds to each counter."""
    counts = Counter(
        {
            Key(STATUS, ticket.status): 1,
            Key(SEVERITY, ticket.severity): 1,
            Key(ERROR_TYPE, ticket.error_type): 1,
            Key(TEAM, ticket.finops_team): 1,
        }
    )
    if ticket.sla_status == SlaStatus.BREACHED:
        counts[Key(SLA, SlaStatus.BREACHED)] = 1
    if ticket.status == Status.ACKNOWLEDGED and ticket.ack_seconds is not None:
        counts[Key(ACKNOWLEDGEMENTS)] = 1
        counts[Key(ACK_SECONDS)] = ticket.ack_seconds
    return counts


def difference(after: Counts, before: Counts) -> Counter[Key]:
    """What turns `before` into `after`; counters that stay are left out."""
    changes = Counter({key: after.get(key, 0) - before.get(key, 0) for key in {*after, *before}})
    return Counter({key: change for key, change in changes.items() if change})


def add(into: Counter[Key], change: Counts) -> None:
    for key, number in change.items():
        into[key] += number


def encode(change: Counts) -> str:
    """`CounterDelta.change`: a list of [dimension, name, difference]."""
    return json.dumps([[*key, number] for key, number in change.items()], separators=(",", ":"))


def decode(text: str) -> Counter[Key]:
    return Counter({Key(dimension, name): number for dimension, name, number in json.loads(text)})


def total(changes: Iterable[str]) -> Counter[Key]:
    found: Counter[Key] = Counter()
    for text in changes:
        add(found, decode(text))
    return found
