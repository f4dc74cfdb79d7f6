"""Failed runs that no webhook told us about: senders give up, Databricks at once, Azure for a quarter of an hour.

The vendors' own lists of the last hours are compared with the tickets. A run that has a ticket is left alone, so
nothing here counts as an occurrence; the tickets it opens carry the mode `reconciled`. The same lists tell which
failures are over (`ingestion.recoveries`).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction

from ingestion.batch import place
from ingestion.identity import CREATED, find_existing, with_default_scope
from ingestion.models import RunLookup, WorkerPulse
from ingestion.pipeline_runs import failure_of_job_run, failure_of_run
from ingestion.recoveries import ACTOR, note_good_job_runs, note_good_pipeline_runs
from ingestion.sources import registry
from ingestion.sources.base import Failure
from integrations.azure_identity import entra_tokens
from integrations.databricks.client import DatabricksClient
from integrations.databricks.config import DatabricksConfig, Workspaces
from integrations.databricks.models import Run
from integrations.datafactory.client import client_for_resource
from integrations.datafactory.models import PipelineRun
from integrations.datafactory.resource import parse_host_id
from integrations.errors import IntegrationError, NotConfiguredError
from rca.models import RunMention
from tickets.choices import Source
from tickets.models import Ticket

logger = logging.getLogger(__name__)

PULSE = "reconcile"
KNOWN_FOR = timedelta(days=30)
MOST_FACTORIES = 50
MOST_LOOKUPS = 500
MOST_RUNS = 500
CALL_SECONDS = 40.0
WHOLE_SECONDS = 150.0
# A run may have begun long before the hours that are looked at, and failed within them.
LONGEST_RUN = timedelta(hours=24)
# One-time submits are mostly the far side of a Data Factory activity: its ticket is given time to name them.
SUBMIT_GRACE = timedelta(minutes=10)
CLOCK_DIFFERENCE = timedelta(minutes=1)  # of two machines that are both well


@dataclass(slots=True)
class ReconcileResult:
    """The keys of the tickets that were opened, the sentences of the vendors that could not be asked, and how many
    tickets' pipelines and jobs were found running again.
    """

    opened: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    recovered: int = 0


def take_turn(now: datetime) -> bool:
    """Whether it is time again; true for one caller, however many clocks run."""
    if not settings.RECONCILE_MINUTES:
        return False
    last = WorkerPulse.objects.filter(name=PULSE)
    seen_at = last.values_list("seen_at", flat=True).first()
    if seen_at is not None:  # read before writing: mostly it is not time yet
        since = now - seen_at
        # A turn that is yet to come was taken by a clock that was ahead.
        is_time = since >= timedelta(minutes=settings.RECONCILE_MINUTES) or since < -CLOCK_DIFFERENCE
        return is_time and last.filter(seen_at=seen_at).update(seen_at=now) == 1
    try:
        with transaction.atomic():
            WorkerPulse.objects.create(name=PULSE, seen_at=now)
    except IntegrityError:
        return False
    return True


def reconcile(now: datetime) -> ReconcileResult:
    """Compare every configured workspace and known factory with the tickets; opens what is missing."""
    result = ReconcileResult()
    since = now - timedelta(hours=settings.RECONCILE_HOURS)
    give_up_at = time.monotonic() + WHOLE_SECONDS
    for resource_id in known_factories(now):
        if time.monotonic() > give_up_at:
            result.problems.append("the remaining factories: no time was left")
            break
        try:
            _compare_factory(resource_id, since, now, result)
        except NotConfiguredError:
            continue
        except IntegrationError as error:
            result.problems.append(f"{resource_id.rsplit('/', 1)[-1]}: {error}")
    for config in _workspaces(result):
        try:
            _compare_workspace(config, since, now, result)
        except NotConfiguredError:
            continue
        except IntegrationError as error:
            result.problems.append(f"{config.host}: {error}")
    for problem in result.problems:
        logger.warning("Reconciliation could not ask %s", problem)
    return result


def known_factories(now: datetime) -> list[str]:
    """The ARM ids in `RECONCILE_FACTORIES`, else those that alerts of the last 30 days came from."""
    if settings.RECONCILE_FACTORIES:
        return list(dict.fromkeys(resource_id.lower() for resource_id in settings.RECONCILE_FACTORIES))
    recent = Ticket.objects.filter(
        source__in=(Source.ADF, Source.SYNAPSE), opened_at__gte=now - KNOWN_FOR
    ).exclude(run_scope="")
    scopes = set(recent.order_by("run_scope").values_list("run_scope", flat=True).distinct()[:MOST_FACTORIES])
    # Not narrowed to those days by the database: where they are few it would walk all that came before.
    asked = RunLookup.objects.order_by("-id").values_list("query", "created_at")[:MOST_LOOKUPS]
    scopes |= {str(query.get("resource_id", "")).lower() for query, at in asked if at >= now - KNOWN_FOR}
    return sorted(scope for scope in scopes if parse_host_id(scope))[:MOST_FACTORIES]


def _workspaces(result: ReconcileResult) -> Iterable[DatabricksConfig]:
    try:
        return Workspaces.from_settings().all()
    except IntegrationError as error:
        result.problems.append(str(error))
        return ()


def _compare_factory(resource_id: str, since: datetime, now: datetime, result: ReconcileResult) -> None:
    host = parse_host_id(resource_id)
    client = client_for_resource(resource_id)
    if host is None or client is None:
        raise IntegrationError("it is no factory's ARM id", vendor="datafactory", permanent=True)
    source = Source.ADF if host.kind == "factory" else Source.SYNAPSE
    client = client.within(CALL_SECONDS)
    runs = client.query_pipeline_runs(since, now, limit=MOST_RUNS)
    failures = [failure_of_run(run, source=source, resource_id=resource_id) for run in runs if run.run_id]
    _open_missing(failures, now, result)

    def good_runs(names: tuple[str, ...]) -> Iterable[PipelineRun]:
        return client.query_pipeline_runs(
            since, now, statuses=("Succeeded",), pipelines=names, limit=MOST_RUNS
        )

    result.recovered += note_good_pipeline_runs(source, resource_id.lower(), good_runs, now)


def _compare_workspace(
    config: DatabricksConfig, since: datetime, now: datetime, result: ReconcileResult
) -> None:
    """The runs of one workspace, asked for with that workspace's own token and no other."""
    client = DatabricksClient.connect(config, entra_tokens()).within(CALL_SECONDS)
    runs = client.list_runs(started_after=since - LONGEST_RUN, limit=MOST_RUNS)
    if len(runs) == MOST_RUNS:
        logger.warning("%s ran more than %d jobs; the newest were compared", config.host, MOST_RUNS)
    missing = [run for run in runs if _is_ours(run, since, now)]
    named = _named_elsewhere([run.run_id for run in missing])
    failures = [
        failure_of_job_run(run, workspace_id=config.workspace_id)
        for run in missing
        if run.run_id not in named
    ]
    _open_missing(failures, now, result)
    result.recovered += note_good_job_runs(config.workspace_id, runs, now)


def _is_ours(run: Run, since: datetime, now: datetime) -> bool:
    """Failed within the hours, by itself and not by a person's hand; no notebook that another run began."""
    if not run.run_id or not run.state.is_over or not run.state.has_failed or "CANCEL" in run.state.result:
        return False
    if run.run_type == "WORKFLOW_RUN" or run.parent_run_id:
        return False
    ended_at = run.ended_at or now
    newest = now - SUBMIT_GRACE if run.run_type == "SUBMIT_RUN" else now
    return since <= ended_at <= max(newest, since)


def _named_elsewhere(run_ids: list[str]) -> set[str]:
    """Runs behind a Data Factory activity whose ticket tells of them already."""
    named = RunMention.objects.filter(source=Source.DATABRICKS, run_id__in=run_ids, is_cause=True)
    return set(named.values_list("run_id", flat=True))


def _open_missing(failures: Iterable[Failure], now: datetime, result: ReconcileResult) -> None:
    for found in failures:
        failure = with_default_scope(found)
        with transaction.atomic():
            if find_existing(failure, now) is not None:
                continue
            prefix = registry()[failure.source].key_prefix
            placement = place(failure, key_prefix=prefix, now=now, actor=ACTOR)
        if placement.verdict == CREATED and placement.ticket:
            result.opened.append(placement.ticket.key)
