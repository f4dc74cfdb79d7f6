"""A failed run beside the runs before it: new, flaky or dead, its duration, and what is different. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import Literal

from audit.redaction import is_sensitive_key
from audit.times import utc

RUNS = 10
_FEWEST_FOR_A_MEDIAN = 3
_LONGEST_VALUE = 200
Verdict = Literal["first", "new", "flaky", "dead"]


@dataclass(frozen=True, slots=True)
class PastRun:
    """One run. `is_good` and `has_failed` are both False for a cancelled one."""

    run_id: str
    started_at: datetime | None
    is_good: bool
    has_failed: bool
    duration_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Setup:
    """What a run ran with, as far as the API tells; empty where it does not."""

    parameters: Mapping[str, str] = field(default_factory=dict)
    cluster: Mapping[str, str] = field(default_factory=dict)
    libraries: tuple[str, ...] = ()
    git_commit: str = ""


def before(runs: Sequence[PastRun], current: PastRun) -> list[PastRun]:
    """The last nine finished runs before `current`, newest first; with it they are ten."""
    earlier = [
        run
        for run in runs
        if run.run_id != current.run_id
        and (run.is_good or run.has_failed)
        and not (run.started_at and current.started_at and run.started_at > current.started_at)
    ]
    earlier.sort(key=lambda run: run.started_at.timestamp() if run.started_at else 0.0, reverse=True)
    return earlier[: RUNS - 1]


def judge(earlier: Sequence[PastRun], current: PastRun) -> tuple[Verdict, str]:
    """Whether the failure is new, comes and goes, or has stayed; with the sentence that says so."""
    if not earlier:
        return "first", "No earlier run is known: this may be the first."
    in_a_row = next((n for n, run in enumerate(earlier) if not run.has_failed), len(earlier))
    failures = sum(run.has_failed for run in earlier)
    good = next((run for run in earlier if run.is_good), None)
    if not failures:
        return "new", f"New: the {_runs(len(earlier))} before it succeeded."
    if in_a_row == len(earlier) and good is None:
        since = _moment(earlier[-1].started_at)
        return "dead", f"Dead at least since {since}: all {in_a_row + 1} known runs failed."
    if in_a_row >= 2 or in_a_row == failures == 1:
        since = _moment(earlier[in_a_row - 1].started_at)
        last = f" The last success began {_moment(good.started_at)}." if good else ""
        return "dead", f"Dead since {since}: {in_a_row + 1} runs in a row failed.{last}"
    last = f" The last success began {_moment(good.started_at)}." if good else ""
    return "flaky", f"Flaky: {failures + 1} of the last {len(earlier) + 1} runs failed.{last}"


def duration_sentence(earlier: Sequence[PastRun], current: PastRun) -> str:
    """This run's duration against the median of the good ones; "" where too few are known."""
    good = [run.duration_ms for run in earlier if run.is_good and run.duration_ms]
    if not current.duration_ms or len(good) < _FEWEST_FOR_A_MEDIAN:
        return ""
    usual = median(good)
    return (
        f"It ran {span(current.duration_ms)}; the median of {len(good)} good runs is {span(usual)} "
        f"({current.duration_ms / usual:.2g} times that)."
    )


def table(earlier: Sequence[PastRun], current: PastRun) -> str:
    """One line for each run, newest first."""
    lines = []
    for run in (current, *earlier):
        result = "failed" if run.has_failed else "succeeded" if run.is_good else "not ended"
        took = f", {span(run.duration_ms)}" if run.duration_ms else ""
        mark = " (this run)" if run is current else ""
        lines.append(f"{_moment(run.started_at)}  {result}{took}  {run.run_id}{mark}")
    return "\n".join(lines)


def differences(good: Setup, failed: Setup) -> list[str]:
    """What the failed run had otherwise than the good one, one sentence each; values of secrets are masked."""
    found = _changes("Parameter", good.parameters, failed.parameters)
    if good.cluster and failed.cluster:
        found += _changes("Cluster:", good.cluster, failed.cluster)
    old, new = set(good.libraries), set(failed.libraries)
    if gone := sorted(old - new):
        found.append(f"Libraries gone: {', '.join(gone)}.")
    if added := sorted(new - old):
        found.append(f"Libraries added: {', '.join(added)}.")
    if good.git_commit and failed.git_commit and good.git_commit != failed.git_commit:
        found.append(f"Git commit: {good.git_commit} before, {failed.git_commit} now.")
    return found


def shown(name: str, value: str) -> str:
    """A parameter's value as people may see it."""
    if is_sensitive_key(name):
        return "***"
    return value if len(value) <= _LONGEST_VALUE else f"{value[:_LONGEST_VALUE]}…"


def span(milliseconds: float) -> str:
    """`75000` is `1 min 15 s`."""
    seconds = round(milliseconds / 1000)
    if seconds < 60:
        return f"{milliseconds / 1000:.3g} s"
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if seconds else f"{minutes} min"


def _changes(what: str, good: Mapping[str, str], failed: Mapping[str, str]) -> list[str]:
    found = []
    for name in sorted({*good, *failed}):
        old, new = good.get(name), failed.get(name)
        if old != new:
            was = "absent" if old is None else repr(shown(name, old))
            now = "absent" if new is None else repr(shown(name, new))
            found.append(f"{what} {name}: {was} before, {now} now.")
    return found


def _runs(count: int) -> str:
    return "run" if count == 1 else f"{count} runs"


def _moment(moment: datetime | None) -> str:
    return utc(moment) if moment else "an unknown time"
