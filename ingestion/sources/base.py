"""What a source is, and what its parser may answer.

A source turns one decoded JSON body into plain data. Parsers are pure: no database, no settings, no clock,
no network; they take microseconds and raise nothing but what Python itself cannot avoid. What a body means
for tickets (deduplication, reopening, looking up runs) is decided in `ingestion.services`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RunQuery:
    """An alert that names no run: which failed runs to ask the vendor for (contract, "Looking up runs").

    `resource_id` is the ARM id of the factory or workspace; names are empty when the alert was not split by
    them; the window is UTC and None where the alert gives none. `expected_runs` is how many failed runs a metric
    counted in that window, None where none tells.
    """

    resource_id: str
    pipeline_names: tuple[str, ...] = ()
    activity_names: tuple[str, ...] = ()
    window_start: datetime | None = None
    window_end: datetime | None = None
    fired_at: datetime | None = None
    expected_runs: int | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """One failure as the sender told it.

    `dedup_key` identifies the failure across forms and repeats. `family_key` is set where the body names no
    run: the same rule, targets and dimensions, so that a re-notification joins the open ticket.
    `run_scope` is the Databricks workspace id or the lower-cased factory/workspace ARM id ("" when untold).
    `severity` is "" when the sender gave none. `query` is set when the failed runs must be looked up.
    `can_recur` marks runs that may fail again under the same id (a Databricks repair).
    `has_firing` is False where the body has no mark of its own firing (no run, alert id or time): the same
    body later is a new failure, so the key must not silence it for ever; `family_key` is set then.
    `is_warning` marks a run that is still going (too long, backlog): a failure of that run may follow.
    """

    source: str
    resource_type: str
    name: str
    dedup_key: str
    run_id: str = ""
    run_scope: str = ""
    family_key: str = ""
    error_message: str = ""
    error_code: str = ""
    error_type: str = ""
    severity: str = ""
    fired_at: datetime | None = None
    can_recur: bool = False
    has_firing: bool = True
    is_warning: bool = False
    query: RunQuery | None = None
    processing_mode: str = "direct_webhook"
    logic_app_run_id: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Success:
    """A run that succeeded: of what, where (as `Failure.run_scope`), and when, where the sender says so."""

    source: str
    name: str
    scope: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ignored:
    """Understood, and nothing to do. `reason` is a sentence for the sender and the admin.

    `audit_action` ("Alert Resolved", "Run Succeeded", …) is recorded on the open ticket that one of
    `dedup_keys` or `family_key` names, where there is one. `succeeded` names the pipeline or job whose whole run
    succeeded: its earlier failures are over. `run_id` is the run that the body names.
    """

    reason: str
    event: str = ""
    audit_action: str = ""
    dedup_keys: tuple[str, ...] = ()
    family_key: str = ""
    alert_rule: str = ""
    succeeded: Success | None = None
    run_id: str = ""


@dataclass(frozen=True, slots=True)
class Unsupported:
    """Not understood: kept, visible and replayable. `reason` says what was looked for and what was found."""

    reason: str


@dataclass(frozen=True, slots=True)
class Failures:
    """At least one failure. `event` names the declared event type, e.g. `common-metric-fired`."""

    event: str
    items: tuple[Failure, ...]
    alert_rule: str = ""
    total: int | None = None


ParseResult: TypeAlias = Failures | Ignored | Unsupported


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """One entry of the registry; each module in this package exports one as `SOURCE`.

    `events` are the declared event types: each has `tests/payloads/<slug>/<event>.json` and an expectation.
    `counts_failures` adds the alert's rule and its counts to every answer, also to one that found no failure.
    """

    slug: str
    label: str
    path: str
    key_prefix: str
    parse: Callable[[Json], ParseResult]
    events: tuple[str, ...]
    counts_failures: bool = False
