"""`/api/summary` out of the counters: a handful of small reads, whatever the number of tickets."""

from __future__ import annotations

from typing import Any

from tickets import counter_store, counters
from tickets.choices import Severity, SlaStatus, Status
from tickets.counters import Key

MOST_NAMES = 100
MOST_WEEKS = 26
UNNAMED = "Unknown"


def summary() -> dict[str, Any]:
    counts = counter_store.current()
    by_status = {status: max(0, counts[Key(counters.STATUS, status)]) for status in Status.values}
    acks, seconds = counts[Key(counters.ACKNOWLEDGEMENTS)], counts[Key(counters.ACK_SECONDS)]
    recoveries = counts[Key(counters.RECOVERIES)]
    recovery_seconds = counts[Key(counters.RECOVERY_SECONDS)]
    total = sum(by_status.values())
    average = seconds / acks if acks > 0 else 0.0
    return {
        "total_tickets": total,
        "open_tickets": by_status[Status.OPEN],
        "in_progress_tickets": by_status[Status.IN_PROGRESS],
        "acknowledged_tickets": by_status[Status.ACKNOWLEDGED],
        "sla_breached": max(0, counts[Key(counters.SLA, SlaStatus.BREACHED)]),
        "avg_ack_time_sec": round(average, 1),
        "mttr_min": round(average / 60, 1),
        "suppressed_tickets": max(0, counts[Key(counters.SUPPRESSED)]),
        "recovered_tickets": max(0, recoveries),
        "mttr_recovered_min": round(recovery_seconds / recoveries / 60, 1) if recoveries > 0 else 0.0,
        "noise_ratio": round(counts[Key(counters.REPORTS)] / total, 2) if total else 0.0,
        "sla_by_priority": _verdicts(counts, counters.SLA_BY_PRIORITY),
        "sla_by_team": _verdicts(counts, counters.SLA_BY_TEAM),
        "sla_by_week": dict(
            sorted(_verdicts(counts, counters.SLA_BY_WEEK).items(), reverse=True)[:MOST_WEEKS]
        ),
        "by_severity": {
            severity: max(0, counts[Key(counters.SEVERITY, severity)]) for severity in Severity.values
        },
        "by_error_type": _most_frequent(counts, counters.ERROR_TYPE),
        "by_team": _most_frequent(counts, counters.TEAM),
    }


def _verdicts(counts: counters.Counts, dimension: str) -> dict[str, dict[str, int]]:
    """`{"P1": {"met": 4, "breached": 1}, …}`, at most MOST_NAMES names, the most judged first."""
    found: dict[str, dict[str, int]] = {}
    for key, number in counts.items():
        if key.dimension == dimension and number > 0:
            name, verdict = key.name.split(counters.PARTS)
            found.setdefault(name or UNNAMED, {"met": 0, "breached": 0})[verdict.lower()] += number
    ranked = sorted(found.items(), key=lambda item: (-sum(item[1].values()), item[0]))
    return dict(ranked[:MOST_NAMES])


def _most_frequent(counts: counters.Counts, dimension: str) -> dict[str, int]:
    """The MOST_NAMES most frequent names, most frequent first."""
    found: dict[str, int] = {}
    for key, number in counts.items():
        if key.dimension == dimension and number > 0:
            name = key.name or UNNAMED
            found[name] = found.get(name, 0) + number
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return dict(ranked[:MOST_NAMES])
