"""Data Factory and Synapse as witnesses: the way from the failed run down to the activity that failed by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from audit.times import utc_second
from integrations.datafactory.client import PipelinesClient, client_for_resource
from integrations.datafactory.follow import FailurePath, Step, follow_failure
from integrations.datafactory.leaf import specific_code
from integrations.datafactory.links import run_page_url
from integrations.datafactory.models import ActivityRun, PipelineRun
from rca.evidence import databricks, history
from rca.evidence.databricks_history import add_differences, add_history
from rca.evidence.gathered import Gathered, Mention
from rca.evidence.history import shown, span
from rca.models import EvidenceKind
from tickets.models import Ticket

_HISTORY = timedelta(days=30)
_RUNS_ASKED = 30  # some of them are later than the failed run, or were cancelled


def gather(ticket: Ticket, found: Gathered) -> None:
    """Evidence for a ticket about a pipeline run, through its children to a Databricks run."""
    resource = ticket.run_scope or str(ticket.metadata.get("resource_id") or "")
    label = ticket.get_source_display()
    told = len(found.pieces)
    client = found.ask(f"the {label} run", lambda: client_for_resource(resource))
    run_id = ticket.current_run_id
    if not run_id:
        _tell_no_run(ticket, found)
        return
    if client is None:
        if len(found.pieces) == told and not found.troubles:
            text = "The alert does not name its factory or workspace (no ARM id), so the run cannot be asked for."
            found.note(f"Skipped: {label} was not asked", text)
        return
    found.vendors[label] = None
    client = client.within(found.seconds_left())
    path = found.ask(f"{label} run {run_id}", lambda: follow_failure(client, run_id))
    if path is None:
        return
    _tell_path(ticket, found, client, path)
    if path.databricks:
        databricks.gather_behind(found, path.databricks)
    _describe(found, client, path.steps[0].run)


def _tell_no_run(ticket: Ticket, found: Gathered) -> None:
    """An alert that names no run; where its runs were looked up in vain, the look-up has said so."""
    if not ticket.metadata.get("run_lookup"):
        text = "The alert names no run, so no activity can be asked for its error; the alert's text is all there is."
        found.note("The alert names no run", text)


def _tell_path(ticket: Ticket, found: Gathered, client: PipelinesClient, path: FailurePath) -> None:
    if path.problem:
        found.incomplete(f"The way down ends early: {path.problem}", is_temporary=path.is_worth_retrying)
    scope = client.host.arm_id.lower()
    first = path.steps[0].run
    if first.parent_run_id:
        found.mentions.append(Mention(ticket.source, first.parent_run_id, scope, is_cause=False))
    for step in path.steps[1:]:
        found.mentions.append(Mention(ticket.source, step.run.run_id, scope))
    for step in path.steps:
        url = run_page_url(client.host, step.run.run_id)
        found.chain.append(_step_sentence(step))
        _tell_activity(found, step, url)
    last = path.steps[-1]
    if last.activity:
        code = specific_code(last.activity.error_code, last.activity.error_message)
        message = last.activity.error_message or last.run.message
        found.chain.append(_error_line(code, message))
        leaf = f"Activity {last.activity.name} ({last.activity.kind}) of pipeline {last.run.pipeline}"
        found.fail_at(leaf, message, code)
    elif last.run.message:
        code = specific_code("", last.run.message)
        found.chain.append(_error_line(code, last.run.message))
        found.fail_at(f"Pipeline {last.run.pipeline}", last.run.message, code)


def _tell_activity(found: Gathered, step: Step, url: str) -> None:
    activity = step.activity
    if activity is None:
        title = f"Pipeline {step.run.pipeline}, run {step.run.run_id}"
        found.add(EvidenceKind.ACTIVITY_ERROR, title, step.run.message, url)
        return
    kind = f" ({activity.kind})" if activity.kind else ""
    title = f"Activity {activity.name}{kind} of pipeline {step.run.pipeline}"
    found.add(EvidenceKind.ACTIVITY_ERROR, title, _activity_text(activity, step.run), url)


def _activity_text(activity: ActivityRun, run: PipelineRun) -> str:
    code = specific_code(activity.error_code, activity.error_message)
    generic = f" ({activity.error_code})" if activity.error_code not in {"", code} else ""
    facts = (
        ("Failure type", activity.failure_type),
        ("Target", activity.error_target),
        ("Linked service", activity.linked_service),
        ("Attempt", str(activity.retry_attempt + 1) if activity.retry_attempt else ""),
        ("Started the run", activity.child_run_id),
    )
    lines = [
        f"{code}{generic}" if code else "",
        activity.error_message or run.message,
        *(f"{name}: {value}" for name, value in facts if value),
    ]
    return "\n".join(line for line in lines if line.strip())


def _step_sentence(step: Step) -> str:
    status = step.run.status.lower() or "failed"
    head = f"Pipeline {step.run.pipeline}, run {step.run.run_id}, {status}"
    activity = step.activity
    if activity is None:
        return f"{head}; no activity of it failed"
    return f"{head} at activity {activity.name}" + (f" ({activity.kind})" if activity.kind else "")


def _error_line(code: str, message: str) -> str:
    first = next((line.strip()[:300] for line in message.splitlines() if line.strip()), "no error was told")
    return f"{code}: {first}" if code and code not in first else first


def _describe(found: Gathered, client: PipelinesClient, run: PipelineRun) -> None:
    """What only the ticket's own run is asked for: name, link, tags of the factory, the runs before it."""
    url = run_page_url(client.host, run.run_id)
    found.chain_url = url
    found.name = run.pipeline
    found.metadata["run_url"] = url
    found.ran(run.started_at, run.ended_at)
    found.add(EvidenceKind.CONFIGURATION, "How the run was started", _setup_text(run), url)
    _gather_history(found, client, run)
    tags = found.ask("the factory's tags", client.get_tags, is_optional=True)
    if tags:
        found.tag_sets.append(tags)


def _setup_text(run: PipelineRun) -> str:
    lines = [
        f"Started {utc_second(run.started_at)}" if run.started_at else "",
        f"Ran {span(run.duration_ms)}" if run.duration_ms else "",
        f"Started by {run.invoked_by} ({run.invoked_by_type})" if run.invoked_by else "",
        f"Called by pipeline {run.parent_pipeline}, run {run.parent_run_id}" if run.parent_run_id else "",
        *(f"Parameter {name} = {shown(name, value)}" for name, value in sorted(run.parameters.items())),
    ]
    return "\n".join(line for line in lines if line)


def _gather_history(found: Gathered, client: PipelinesClient, run: PipelineRun) -> None:
    end = (run.ended_at or run.updated_at or datetime.now(UTC)) + timedelta(minutes=1)
    runs = found.ask(
        "the run history",
        lambda: client.query_pipeline_runs(
            end - _HISTORY, end, statuses=(), pipelines=(run.pipeline,), limit=_RUNS_ASKED
        ),
    )
    if runs is None:
        return
    current = _past(run)
    earlier = history.before([_past(item) for item in runs], current)
    add_history(found, earlier, current)
    good = next((item for item in earlier if item.is_good), None)
    if good:
        last_good = next(item for item in runs if item.run_id == good.run_id)
        before = history.Setup(parameters=last_good.parameters)
        add_differences(found, history.differences(before, history.Setup(parameters=run.parameters)), good)


def _past(run: PipelineRun) -> history.PastRun:
    status = run.status.lower()
    return history.PastRun(
        run.run_id, run.started_at, status == "succeeded", status == "failed", run.duration_ms
    )
