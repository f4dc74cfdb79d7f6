"""Job and task events of Databricks: real notifications and the relays' `job.*` forms.

Ids stay text: they may exceed 2^53, and senders print them as numbers and as strings.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from audit import actions
from ingestion.sources import keys
from ingestion.sources.alerts import severity_of
from ingestion.sources.base import Failure, Failures, Ignored, ParseResult, Success, Unsupported
from ingestion.sources.error_text import MAX_CODE, specific_code
from ingestion.sources.fields import MAX_TEXT, Fields, body_as_message, clean, compact
from ingestion.sources.times import parse_time
from tickets.choices import ResourceType, Source

_SLUG = Source.DATABRICKS.value
RUN_DURATION_EXCEEDED = "RunDurationExceeded"
STREAMING_BACKLOG_EXCEEDED = "StreamingBacklogExceeded"
_FAILED_RESULTS = frozenset(
    {"failed", "timedout", "timed_out", "canceled", "cancelled", "internal_error", "upstream_failed",
     "upstream_canceled", "maximum_concurrent_runs_reached", "error", "run_execution_error"}
)  # fmt: skip
_CANCELED_RESULTS = frozenset({"canceled", "cancelled"})  # "at user request", says the Jobs API of CANCELED
_SUCCESSFUL_RESULTS = frozenset({"success", "succeeded", "success_with_failures"})


class Meaning(Enum):
    FAILED = "failed"
    TOO_LONG = "duration-warning"
    BACKLOG = "backlog-warning"
    SUCCEEDED = "succeeded"
    STARTED = "started"
    NOTHING = "maintenance"


# Looked for in the event's name, the first match decides: "on_success_with_failures" is a success.
_WORDS: tuple[tuple[str, Meaning], ...] = (
    ("duration", Meaning.TOO_LONG),
    ("backlog", Meaning.BACKLOG),
    ("maintenance", Meaning.NOTHING),
    ("unsuccess", Meaning.FAILED),
    ("success", Meaning.SUCCEEDED),
    ("succeeded", Meaning.SUCCEEDED),
    ("fail", Meaning.FAILED),
    ("error", Meaning.FAILED),
    ("timedout", Meaning.FAILED),
    ("timeout", Meaning.FAILED),
    ("cancel", Meaning.FAILED),
    ("start", Meaning.STARTED),
    ("running", Meaning.STARTED),
    ("pending", Meaning.STARTED),
    ("queued", Meaning.STARTED),
)


@dataclass(frozen=True, slots=True)
class JobRun:
    """The job run behind an event. `run_id` is the job's run, also where the event is about a task."""

    run_id: str
    task_run_id: str
    task_key: str
    job_id: str
    name: str
    workspace_id: str
    result: str
    life_cycle: str
    message: str
    code: str
    url: str
    cluster_id: str
    severity: str
    at: datetime | None

    @property
    def key(self) -> str:
        return keys.databricks_run_key(self.workspace_id, self.run_id)

    @property
    def is_task(self) -> bool:
        return bool(self.task_key or self.task_run_id)


def parse_job_event(event: str, fields: Fields) -> ParseResult:
    """A job or task event; the event's name decides, and the run's own state where the name says nothing."""
    run = _read(fields)
    meaning = _meaning(event, run)
    if meaning is None:
        told = event or run.result or run.life_cycle or "nothing"
        return Unsupported(f'The job event "{told}" tells neither a failure nor a start nor a success.')
    relayed = "" if event.startswith("jobs.") else "relayed-"
    name = f"{relayed}{'task' if run.is_task else 'job'}-{meaning.value}"
    run_keys = (run.key,) if run.run_id else ()
    label = f'The run of "{run.name}"'
    if meaning is Meaning.SUCCEEDED:
        # A task's success says nothing of the job's.
        whole = None if run.is_task else Success(_SLUG, run.name, run.workspace_id, run.at)
        return Ignored(
            f"{label} succeeded.", name, actions.RUN_SUCCEEDED, run_keys, succeeded=whole, run_id=run.run_id
        )
    if meaning is Meaning.STARTED:
        return Ignored(f"{label} has only started.", name, actions.RUN_STARTED, run_keys, run_id=run.run_id)
    if meaning is Meaning.NOTHING:
        return Ignored(f'A maintenance event of "{run.name}" is no failure.', name, run_id=run.run_id)
    if not (run.run_id or run.job_id or run.name != "Databricks job"):
        return Unsupported(
            f'The job event "{event}" names neither a run (run.run_id) nor a job (job.job_id).'
        )
    return Failures(name, (_failure(event, run, meaning, fields),))


def _meaning(event: str, run: JobRun) -> Meaning | None:
    name = event.replace("_", "")
    for word, meaning in _WORDS:
        if word in name:
            return meaning
    result, life_cycle = run.result.lower(), run.life_cycle.lower()
    if result in _FAILED_RESULTS or life_cycle in ("internal_error", "blocked"):
        return Meaning.FAILED
    if result in _SUCCESSFUL_RESULTS:
        return Meaning.SUCCEEDED
    if life_cycle in ("pending", "running", "queued"):
        return Meaning.STARTED
    return Meaning.FAILED if run.message and not event else None


def _read(fields: Fields) -> JobRun:
    run, job, task = (Fields.of(fields.object(name)) for name in ("run", "job", "task"))
    holder = run if run.layers else fields  # a relay may post the run itself, as the Jobs API prints it
    state = Fields.of(
        holder.object("state"), holder.object("status"), holder.layers[0] if holder.layers else {}
    )
    settings = Fields.of(job.object("settings"))
    own = _id(run, "runid") or _id(fields, "runid", "jobrunid")
    parent = _id(run, "parentrunid", "multitaskparentrunid", "jobrunid") or _id(
        fields, "parentrunid", "jobrunid"
    )
    job_id = _id(job, "jobid") or _id(run, "jobid") or _id(fields, "jobid")
    message, code = _error(fields, run, state)
    return JobRun(
        run_id=parent or own,
        task_run_id=own if parent and parent != own else "",
        task_key=task.scalar("taskkey") or fields.scalar("taskkey") or run.scalar("taskkey"),
        job_id=job_id,
        name=settings.scalar("name")
        or job.scalar("name")
        or fields.scalar("jobname")
        or holder.scalar("runname")
        or (f"job {job_id}" if job_id else "Databricks job"),
        workspace_id=_id(fields, "workspaceid") or _id(run, "workspaceid"),
        result=state.scalar("resultstate")
        or ("" if run.layers else fields.scalar("status", "result", "state")),
        life_cycle=state.scalar("lifecyclestate", "state"),
        message=message,
        code=code,
        url=run.scalar("runpageurl", limit=1000) or fields.scalar("runpageurl", limit=1000),
        cluster_id=Fields.of(run.object("clusterinstance")).scalar("clusterid") or fields.scalar("clusterid"),
        severity=severity_of(fields.scalar("severity")),
        at=parse_time(fields.raw("timestamp")) or parse_time(run.raw("endtime")),
    )


def _error(fields: Fields, run: Fields, state: Fields) -> tuple[str, str]:
    """The message and the code: the relay's own words first, the run's state last."""
    error = Fields.of(fields.object("error"))
    ended = Fields.of(state.object("terminationdetails"))
    message = (
        error.text("message")
        or fields.text("errormessage")
        or run.text("errormessage", "error")
        or state.text("statemessage")
        or ended.text("message")
        or ("" if error.layers else fields.text("message", "error"))
    )
    code = fields.scalar("errorcode") or error.scalar("errorcode", "code") or ended.scalar("code")
    return message, clean(specific_code(code, message), MAX_CODE)


def _id(fields: Fields, *names: str) -> str:
    """An id as text; 0 is how some senders write "none"."""
    found = keys.canonical_id(fields.identifier(*names, limit=MAX_TEXT))
    return "" if found == "0" else found


def _failure(event: str, run: JobRun, meaning: Meaning, fields: Fields) -> Failure:
    error_type = {
        Meaning.TOO_LONG: RUN_DURATION_EXCEEDED,
        Meaning.BACKLOG: STREAMING_BACKLOG_EXCEEDED,
    }.get(meaning, "")
    moment = run.at.isoformat() if run.at else ""
    series = (run.workspace_id, run.job_id, run.name, run.task_key, meaning.value)
    return Failure(
        source=_SLUG,
        resource_type=ResourceType.TASK if run.is_task else ResourceType.JOB,
        name=run.name,
        dedup_key=run.key if run.run_id else keys.fingerprint(_SLUG, *series, run.message, moment),
        run_id=run.run_id,
        run_scope=run.workspace_id,
        family_key="" if run.run_id else keys.family(_SLUG, *series),
        error_message=run.message or _sentence(event, run, meaning, fields),
        error_code=run.code,
        error_type=error_type,
        severity=run.severity,
        fired_at=run.at,
        can_recur=bool(run.run_id),
        has_firing=bool(run.run_id or moment),
        is_warning=bool(error_type),
        metadata=_metadata(event, run),
    )


def _sentence(event: str, run: JobRun, meaning: Meaning, fields: Fields) -> str:
    """Real notifications tell no error; this stands until the run has been asked for."""
    what = f'Task "{run.task_key}" of job "{run.name}"' if run.task_key else f'Job "{run.name}"'
    if meaning is Meaning.TOO_LONG:
        return f"{what} runs longer than its duration threshold."
    if meaning is Meaning.BACKLOG:
        return f"{what} exceeds its streaming backlog threshold."
    if run.result.lower() in _CANCELED_RESULTS:
        return f"{what}: the run was canceled ({run.result})."
    if run.result or event:
        return f"{what} did not succeed ({run.result or event})."
    return body_as_message(fields.layers[0] if fields.layers else {})


def _metadata(event: str, run: JobRun) -> dict[str, str]:
    return dict(
        compact(
            event_type=event,
            workspace_id=run.workspace_id,
            job_id=run.job_id,
            task_key=run.task_key,
            task_run_id=run.task_run_id,
            result_state=run.result,
            life_cycle_state=run.life_cycle,
            run_page_url=run.url,
            cluster_id=run.cluster_id,
        )
    )
