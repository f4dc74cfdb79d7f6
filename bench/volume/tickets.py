"""Tickets of a year as plain values: sources, error types, teams and pipelines as unevenly spread as in life.

The same seed makes the same tickets, so that every database under measurement holds the same.
"""

from __future__ import annotations

import json
import random
from bisect import bisect
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from operator import itemgetter
from typing import Any, NamedTuple

from tickets.models import Ticket

SEED = 20261120
YEAR = timedelta(days=365)
RARE_WORD = "quetzalcoatl"
"""In three tickets, whatever the scale."""
SCARCE_WORD = "kingfisher"
"""In one ticket of a thousand."""
COMMON_WORD = "orders"
"""In about a third of the tickets."""

SOURCES = (
    ("adf", "ADF-", "pipeline", 60),
    ("databricks", "DBX-", "job", 28),
    ("synapse", "SYN-", "pipeline", 8),
    ("databricks_clusters", "DBC-", "cluster", 3),
    ("azure_functions", "AZF-", "function", 1),
)
SEVERITIES = (
    ("Critical", "P1", 900, 5), ("High", "P2", 1_800, 25), ("Medium", "P3", 7_200, 50), ("Low", "P4", 86_400, 20),
)  # fmt: skip
CAUSES = (
    "missing_source_data", "permission_denied", "timeout", "throttling", "out_of_memory", "bad_data", "unknown",
)  # fmt: skip
TEAMS = ("DataEng", "Finance", "Sales", "Marketing", "Logistics", "Risk", "HR", "Unknown")
SUBJECTS = ("Orders", "Invoices", "Customers", "Stock", "Payments", "Clicks", "Returns", "Prices", "Staff")
ERRORS = 60
PIPELINES = 2_000
PEOPLE = 20
STILL_OPEN, STILL_RUNNING = 8_000, 4_000
"""Newest tickets that nobody has closed: a large number for a desk, and what the busiest lists hold."""

_BORN_WITH = ("opened_at", "fired_at", "last_seen_at", "sla_started_at", "work_due_at", "changed_at")
COLUMNS = tuple(str(field.column) for field in Ticket._meta.local_concrete_fields)

Row = tuple[Any, ...]


def written(moment: datetime) -> str:
    """A time in UTC as both databases read it."""
    return moment.isoformat(" ", "microseconds")[:26]


def _uneven(number: int) -> list[float]:
    """Weights in which each name is rarer than the one before, summed up for `random.choices`."""
    return list(accumulate(1 / (place + 1) for place in range(number)))


class Drawn(NamedTuple):
    """What chance says of one failure; `severity` is a row of SEVERITIES, the numbers count from 0."""

    source: tuple[str, str, str, int]
    severity: tuple[str, str, int, int]
    error: int
    pipeline: int
    team: str
    run: str


class Dice:
    """The same draws for the same seed, in the same order."""

    def __init__(self) -> None:
        chance = random.Random(SEED)
        self.draw, self._bits = chance.random, chance.getrandbits
        self._sources = list(accumulate(weight for *_, weight in SOURCES))
        self._severities = list(accumulate(weight for *_, weight in SEVERITIES))
        self._errors, self._pipelines, self._teams = _uneven(ERRORS), _uneven(PIPELINES), _uneven(len(TEAMS))

    def failure(self) -> Drawn:
        return Drawn(
            SOURCES[self._place(self._sources)],
            SEVERITIES[self._place(self._severities)],
            self._place(self._errors),
            self._place(self._pipelines),
            TEAMS[self._place(self._teams)],
            f"{self._bits(128):032x}",
        )

    def _place(self, sums: Sequence[float]) -> int:
        """As `random.choices` with cumulative weights; its own call costs three times as much."""
        return bisect(sums, self.draw() * sums[-1])


def ticket_rows(count: int, now: datetime, people: list[int]) -> Iterator[Row]:
    """`count` rows in the order of COLUMNS, oldest first, numbered from 1."""
    dice = Dice()
    unfinished = min(STILL_OPEN + STILL_RUNNING, count // 10)
    running = unfinished // 3
    step, first = YEAR / count, now - YEAR
    base, in_order = _usual_values(), itemgetter(*COLUMNS)
    for number in range(1, count + 1):
        opened = first + number * step
        drawn = dice.failure()
        row = base | _opened(number, opened, drawn, _word(number, count))
        if number <= count - unfinished:
            taken = int(drawn.severity[2] * dice.draw() * 1.25) + 1
            row |= _acknowledged(number, min(opened + timedelta(seconds=taken), now), taken, drawn, people)
        elif number % 3 == 0 and running:
            row |= {"status": "in_progress", "assigned_to_id": people[number % len(people)]}
        yield in_order(row)


def _word(number: int, count: int) -> str:
    """The word that searches look for: in most tickets none of theirs."""
    if number % (count // 3 or 1) == 7:
        return RARE_WORD
    return SCARCE_WORD if number % 1_000 == 5 else "path"


def _opened(number: int, opened: datetime, drawn: Drawn, word: str) -> dict[str, Any]:
    """What the door and the analysis have written of a failure."""
    source, prefix, resource, _ = drawn.source
    severity, priority, seconds, _ = drawn.severity
    _, _, error, pipeline, team, run = drawn
    subject = SUBJECTS[pipeline % len(SUBJECTS)]
    at = written(opened)
    day, clock = at[:10], at[11:19].replace(":", "")
    error_type = f"UserErrorCase{error:03d}"
    times = dict.fromkeys(_BORN_WITH, at)
    return times | {
        "id": number,
        "key": f"{prefix}{day.replace('-', '')}T{clock}-{run[:6]}",
        "dedup_key": f"run:{run}",
        "source": source,
        "resource_type": resource,
        "pipeline": f"{team}_Load{subject}_{pipeline:04d}",
        "run_id": run,
        "error_message": (
            f"ErrorCode={error_type}, the activity Copy_{subject} failed on {word} "
            f"landing/{subject.lower()}/{day}/part-{run[8:16]}.csv: the sink refused row "
            f"{number % 9_973} of partition {error * 7 + number % 13}."
        ),
        "error_code": error_type,
        "error_type": error_type,
        "cause_class": CAUSES[error % len(CAUSES)],
        "root_cause": f"{subject} of {day} could not be written: case {error} of the copy activity.",
        "severity": severity,
        "priority": priority,
        "sla_seconds": seconds,
        "sla_due_at": written(opened + timedelta(seconds=seconds)),
        "finops_team": team,
        "finops_owner": f"owner-{team.lower()}@example.com",
        "finops_cost_center": f"CC-{1_000 + TEAMS.index(team)}",
        "itsm_ticket_id": f"DATA-{number}",
    }


def _acknowledged(
    number: int, moment: datetime, taken: int, drawn: Drawn, people: list[int]
) -> dict[str, Any]:
    """What changes when a person closes it `taken` seconds after it was opened."""
    acknowledged = written(moment)
    return {
        "status": "acknowledged",
        "acknowledged_at": acknowledged,
        "changed_at": acknowledged,
        "ack_seconds": taken,
        "ack_user": f"person{number % PEOPLE}@example.com",
        "sla_status": "Met" if taken <= drawn.severity[2] else "Breached",
        "assigned_to_id": people[number % len(people)],
    }


def _usual_values() -> dict[str, Any]:
    """What a ticket's columns hold that no row chooses for itself, by column."""
    usual = Ticket(sla_seconds=0)
    values: dict[str, Any] = {
        str(field.column): getattr(usual, field.attname) for field in Ticket._meta.local_concrete_fields
    }
    values |= {
        "metadata": json.dumps({"factory": "adf-sales"}),
        "recommendations": json.dumps(["Look for the file.", "Run the pipeline again."]),
        "confidence": "High",
        "rca_provider": "rules",
        "processing_state": "notified",
        "needs_work": 0,
        "can_auto_heal": 0,
    }
    return values
