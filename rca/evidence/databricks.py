"""Databricks as a witness: the run with its tasks and traces, the cluster behind it, the runs before it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from django.conf import settings

from audit.times import utc_second
from integrations.databricks.client import DatabricksClient, client_for_host, client_for_workspace
from integrations.databricks.errors_text import error_text, traces
from integrations.databricks.links import RunPage, run_page_url
from integrations.databricks.models import Run, RunReport, Task
from rca.evidence import databricks_clusters, databricks_history
from rca.evidence.gathered import Gathered, Mention
from rca.evidence.history import shown, span
from rca.models import EvidenceKind
from tickets.choices import ResourceType, Source
from tickets.models import Ticket

MAX_CLUSTERS = 2
MAX_DEPTH = 3
_SPARK_CLASS = re.compile(r"\[([A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+(?:\.[A-Z0-9_]+)?)\]")
# These say only that the run failed, which the ticket's existence says already.
_EMPTY_CODES = frozenset({"", "RUN_EXECUTION_ERROR", "INTERNAL_ERROR", "FAILED", "UNKNOWN", "SUCCESS"})


def gather(ticket: Ticket, found: Gathered) -> None:
    """Evidence for a ticket about a Databricks job run, cluster or library."""
    workspace = ticket.run_scope or str(ticket.metadata.get("workspace_id") or "")
    client = client_for(workspace, found)
    if client is None:
        return
    found.vendors["Databricks"] = None
    is_cluster = ticket.source == Source.DATABRICKS_CLUSTERS
    if is_cluster or ticket.resource_type in {ResourceType.CLUSTER, ResourceType.LIBRARY}:
        databricks_clusters.gather_ticket(ticket, client, found)
    elif run_id := ticket.current_run_id:
        report = gather_run(found, client, run_id)
        if report:
            _describe(found, client, report.run)
    else:
        found.note("No run to ask for", "The alert names no run, so Databricks cannot be asked about one.")


def client_for(workspace_id: str, found: Gathered) -> DatabricksClient | None:
    """The client of an event's workspace with the time that is left; None, and a note, without a token."""
    told = len(found.pieces)
    client = found.ask("the Databricks run", lambda: client_for_workspace(workspace_id))
    if client is not None:
        return client.within(found.seconds_left())
    if len(found.pieces) == told:
        is_set = bool(settings.DATABRICKS_HOST or settings.DATABRICKS_WORKSPACES_FILE)
        advice = (
            f"No token belongs to workspace {workspace_id[:40]}; add it to DATABRICKS_WORKSPACES_FILE."
            if is_set
            else "Set DATABRICKS_HOST and DATABRICKS_TOKEN to have the real error fetched."
        )
        found.note("Skipped: Databricks was not asked", advice)
    return None


def gather_behind(found: Gathered, page: RunPage) -> None:
    """The Databricks run behind an activity, told by the address in the activity's output.

    The address is untrusted: only a workspace of the settings is asked, never the host that it names.
    """
    found.mentions.append(Mention(Source.DATABRICKS, page.run_id, page.workspace_id))
    client = found.ask("the Databricks run", lambda: client_for_host(page.host))
    if client is not None:
        client = client.within(found.seconds_left())
    elif page.workspace_id:
        client = client_for(page.workspace_id, found)
    else:
        found.note("Skipped: Databricks was not asked", f"No workspace of the settings is at {page.host}.")
    if client is not None:
        found.vendors["Databricks"] = None
        gather_run(found, client, page.run_id, job_id=page.job_id)


def gather_run(
    found: Gathered, client: DatabricksClient, run_id: str, *, job_id: str = "", depth: int = 0
) -> RunReport | None:
    """The run, its failed tasks with their traces, the clusters behind them; then the runs that they began.

    With a `job_id` the run must be of that job: an address out of somebody's output may mean another workspace.
    """
    report = found.ask(f"Databricks run {run_id}", lambda: client.report(run_id))
    if report is None:
        return None
    run = report.run
    if job_id and run.job_id and run.job_id != job_id:
        text = (
            f"Databricks run {run_id} is of job {run.job_id} here, not {job_id}: another workspace is meant."
        )
        found.incomplete(text, is_temporary=False)
        return None
    for problem in report.problems:
        found.incomplete(f"Databricks: {problem}", is_temporary=report.is_worth_retrying)
    url = page_url(client, run)
    _tell_run(found, report, url)
    _gather_clusters(found, client, run)
    for task in run.failed_tasks:
        output = report.outputs.get(task.run_id)
        if output and output.child_run_id and depth < MAX_DEPTH:
            scope = client.config.workspace_id
            found.mentions.append(Mention(Source.DATABRICKS, output.child_run_id, scope))
            gather_run(found, client, output.child_run_id, depth=depth + 1)
    return report


def page_url(client: DatabricksClient, run: Run) -> str:
    return run.page_url or run_page_url(client.config.host, run.job_id, run.run_id)


def error_code(report: RunReport, message: str) -> str:
    """The code that says what happened: Spark's error class, else the run's termination code; "" for none."""
    if named := _SPARK_CLASS.search(message):
        return named[1]
    codes = [task.state.code for task in report.run.failed_tasks] + [report.run.state.code]
    return next((code for code in codes if code not in _EMPTY_CODES), "")


def _tell_run(found: Gathered, report: RunReport, url: str) -> None:
    run = report.run
    message = error_text(run, report.outputs)
    failed = run.failed_tasks
    name = f'Databricks job "{run.name}"' if run.name else f"Databricks job {run.job_id}"
    keys = ", ".join(task.key for task in failed if task.key)
    at = f" at task {keys}" if keys else ""
    found.chain.append(f"{name}, run {run.run_id}, {_result(run)}{at}")
    for task in failed or ((None,) if run.state.has_failed else ()):
        said = _said(report, task)
        what = _task_name(task) if task else "The run"
        found.chain.append(f"{what}: {_first_line(said) or 'no error was told'}")
        found.add(EvidenceKind.TASK_ERROR, f"{what} of run {run.run_id}", said, url)
    for key, trace in traces(report):
        found.add(EvidenceKind.TRACE, f"Trace of task {key or run.run_id}", trace, url)
    if failed or run.state.has_failed:
        leaf = f"{_task_name(failed[0])} of {name}" if failed else name
        found.fail_at(f"{leaf} (run {run.run_id})", _said(report, failed[0] if failed else None))
        found.error_message = message or found.error_message
        found.error_code = error_code(report, message) or found.error_code


def _describe(found: Gathered, client: DatabricksClient, run: Run) -> None:
    """What only the ticket's own run is asked for: its real name and tags, its set-up, the runs before it."""
    url = page_url(client, run)
    found.chain_url = url
    found.name = run.name
    found.metadata |= {"run_url": url, "run_page_url": url, "job_id": run.job_id}
    found.ran(run.started_at, run.ended_at)
    job_id = run.job_id
    job = found.ask(f"Databricks job {job_id}", lambda: client.get_job(job_id)) if job_id else None
    if job:
        found.name = job.name or found.name
        found.tag_sets.insert(0, job.tags)
    found.add(EvidenceKind.CONFIGURATION, "How the run was set up", _setup_text(run), url)
    if job_id:
        databricks_history.gather(found, client, run)


def _gather_clusters(found: Gathered, client: DatabricksClient, run: Run) -> None:
    at = run.ended_at or datetime.now(UTC)
    ids = [task.cluster_id for task in run.failed_tasks] + [run.cluster_id]
    for cluster_id in list(dict.fromkeys(filter(None, ids)))[:MAX_CLUSTERS]:
        databricks_clusters.gather(
            found, client, cluster_id, start=at - timedelta(minutes=15), end=at + timedelta(minutes=10)
        )


def _setup_text(run: Run) -> str:
    libraries = sorted({library for task in run.tasks for library in task.libraries})
    lines = [
        f"Started {utc_second(run.started_at)}" if run.started_at else "",
        f"Ran {span(run.duration_ms)}" if run.duration_ms else "",
        f"Trigger: {run.trigger}" if run.trigger else "",
        f"Run as: {run.creator}" if run.creator else "",
        f"Git commit: {run.git_commit}" if run.git_commit else "",
        f"Libraries: {', '.join(libraries)}" if libraries else "",
        *(f"Parameter {name} = {shown(name, value)}" for name, value in sorted(run.parameters.items())),
    ]
    return "\n".join(line for line in lines if line)


def _said(report: RunReport, task: Task | None) -> str:
    """The error of one task without the task's name, or of the run itself."""
    run = report.run
    if task is None:
        return error_text(run, report.outputs)
    alone = Run(run.run_id, run.job_id, run.name, run.state, (task,))
    return error_text(alone, report.outputs).removeprefix(f"[Task: {task.key}] ")


def _task_name(task: Task) -> str:
    kind = task.notebook_path or task.kind
    return f"Task {task.key or task.run_id}" + (f" ({kind})" if kind else "")


def _result(run: Run) -> str:
    return (run.state.result or run.state.life_cycle or "failed").lower().replace("_", " ")


def _first_line(text: str) -> str:
    return next((line.strip()[:300] for line in text.splitlines() if line.strip()), "")
