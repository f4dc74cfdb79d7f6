"""What comes over the border from Databricks, as plain data.

Pure and tolerant: every `from_json` takes any object and fills what is missing with the empty value. Run and
task states exist in two generations on the wire, `state` and `status`; both end in one `RunState`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from integrations.reading import at, integer, mapping, moment_ms, objects, text, text_map

_ENDED = frozenset({"TERMINATED", "SKIPPED", "INTERNAL_ERROR"})
_FINE = frozenset({"", "SUCCESS", "SUCCESS_WITH_FAILURES", "EXCLUDED"})
_CONSEQUENCES = frozenset({"UPSTREAM_FAILED", "UPSTREAM_CANCELED"})
_TASK_KINDS = (
    "notebook_task", "spark_python_task", "python_wheel_task", "spark_jar_task", "spark_submit_task",
    "sql_task", "dbt_task", "pipeline_task", "run_job_task", "for_each_task", "condition_task",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RunState:
    """`life_cycle` and `result` are the vendor's words; `code` and `kind` its termination code and type."""

    life_cycle: str = ""
    result: str = ""
    message: str = ""
    code: str = ""
    kind: str = ""

    @classmethod
    def from_json(cls, run: object) -> RunState:
        details = mapping(run, "status", "termination_details")
        code = text(details, "code")
        life_cycle = text(run, "state", "life_cycle_state") or text(run, "status", "state")
        result = text(run, "state", "result_state")
        if not result and code:
            result = code if code in _FINE else "CANCELED" if "CANCELED" in code else "FAILED"
        return cls(
            life_cycle=life_cycle,
            result=result,
            message=text(run, "state", "state_message") or text(details, "message"),
            code=code,
            kind=text(details, "type"),
        )

    @property
    def is_over(self) -> bool:
        return self.life_cycle in _ENDED or bool(self.result)

    @property
    def has_failed(self) -> bool:
        """Ended, and not well. A result that is not known yet to this code counts as a failure."""
        return self.life_cycle == "INTERNAL_ERROR" or self.result not in _FINE

    @property
    def is_consequence(self) -> bool:
        """Never ran, because something before it failed."""
        return self.result in _CONSEQUENCES


@dataclass(frozen=True, slots=True)
class Task:
    """One task of a run, its latest attempt. `error` and `exception` are filled only by some API versions."""

    key: str
    run_id: str
    state: RunState
    attempt: int = 0
    kind: str = ""
    cluster_id: str = ""
    job_cluster_key: str = ""
    notebook_path: str = ""
    error: str = ""
    error_trace: str = ""
    exception: str = ""
    page_url: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    libraries: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, task: object) -> Task:
        kinds = (kind for kind in _TASK_KINDS if isinstance(at(task, kind), dict))
        return cls(
            key=text(task, "task_key"),
            run_id=text(task, "run_id"),
            state=RunState.from_json(task),
            attempt=integer(task, "attempt_number") or 0,
            kind=next(kinds, "").removesuffix("_task"),
            cluster_id=text(task, "cluster_instance", "cluster_id") or text(task, "existing_cluster_id"),
            job_cluster_key=text(task, "job_cluster_key"),
            notebook_path=text(task, "notebook_task", "notebook_path"),
            error=text(task, "run_output", "error"),
            error_trace=text(task, "run_output", "error_trace"),
            exception=text(task, "exception", "message") or text(task, "run_output", "exception", "message"),
            page_url=text(task, "run_page_url"),
            started_at=moment_ms(task, "start_time"),
            ended_at=moment_ms(task, "end_time"),
            libraries=tuple(library_name(item) for item in objects(task, "libraries")),
            depends_on=tuple(text(item, "task_key") for item in objects(task, "depends_on")),
        )


@dataclass(frozen=True, slots=True)
class Run:
    """One job run with its tasks. `duration_ms` is None while it runs."""

    run_id: str
    job_id: str
    name: str
    state: RunState
    tasks: tuple[Task, ...] = ()
    cluster_id: str = ""
    page_url: str = ""
    parent_run_id: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration_ms: int | None = None
    run_type: str = ""
    trigger: str = ""
    creator: str = ""
    git_commit: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    repair_ids: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, run: object) -> Run:
        """A task's own run (asked for by its id) has no `tasks`; its job run is `parent_run_id`."""
        run_id = text(run, "run_id")
        job_run_id = text(run, "job_run_id") or text(run, "parent_run_id")
        started_at, ended_at = moment_ms(run, "start_time"), moment_ms(run, "end_time")
        return cls(
            run_id=run_id,
            job_id=text(run, "job_id"),
            name=text(run, "run_name"),
            state=RunState.from_json(run),
            tasks=latest_attempts(Task.from_json(task) for task in objects(run, "tasks")),
            cluster_id=text(run, "cluster_instance", "cluster_id"),
            page_url=text(run, "run_page_url"),
            parent_run_id=job_run_id if job_run_id != run_id else "",
            started_at=started_at,
            ended_at=ended_at,
            duration_ms=_duration_ms(run, started_at, ended_at),
            run_type=text(run, "run_type"),
            trigger=text(run, "trigger"),
            creator=text(run, "creator_user_name"),
            git_commit=text(run, "git_source", "git_snapshot", "used_commit")
            or text(run, "git_source", "git_commit"),
            parameters=_parameters(run),
            repair_ids=tuple(filter(None, (text(item, "id") for item in objects(run, "repair_history")))),
        )

    @property
    def failed_tasks(self) -> tuple[Task, ...]:
        """The tasks that failed by themselves; those that only followed, where none did."""
        failed = tuple(task for task in self.tasks if task.state.has_failed)
        return tuple(task for task in failed if not task.state.is_consequence) or failed


@dataclass(frozen=True, slots=True)
class Job:
    """What a run is a run of. `schedule` is its cron expression, "" without one."""

    job_id: str
    name: str = ""
    creator: str = ""
    schedule: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_json(cls, job: object) -> Job:
        return cls(
            job_id=text(job, "job_id"),
            name=text(job, "settings", "name"),
            creator=text(job, "creator_user_name"),
            schedule=text(job, "settings", "schedule", "quartz_cron_expression"),
            tags=text_map(job, "settings", "tags"),
        )


@dataclass(frozen=True, slots=True)
class TaskOutput:
    """What a task's run left (runs/get-output). `child_run_id` is the run that a run-job task began."""

    error: str = ""
    error_trace: str = ""
    logs: str = ""
    logs_truncated: bool = False
    notebook_result: str = ""
    child_run_id: str = ""

    @classmethod
    def from_json(cls, output: object) -> TaskOutput:
        return cls(
            error=text(output, "error"),
            error_trace=text(output, "error_trace"),
            logs=text(output, "logs"),
            logs_truncated=at(output, "logs_truncated") is True,
            notebook_result=text(output, "notebook_output", "result"),
            child_run_id=text(output, "run_job_output", "run_id"),
        )


@dataclass(frozen=True, slots=True)
class RunReport:
    """A run with the outputs of its failed tasks, by the task's run id.

    `problems` tells what is missing, `is_worth_retrying` that a later try may get it.
    """

    run: Run
    outputs: Mapping[str, TaskOutput] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    is_worth_retrying: bool = False


def latest_attempts(tasks: Iterable[Task]) -> tuple[Task, ...]:
    """One entry per task key, the latest attempt, in the order of first appearance."""
    latest: dict[str, Task] = {}
    for task in tasks:
        known = latest.get(task.key)
        if known is None or (task.attempt, _stamp(task)) >= (known.attempt, _stamp(known)):
            latest[task.key] = task
    return tuple(latest.values())


def library_name(library: object) -> str:
    """A library in one line, e.g. `pypi:pandas==2.2` or `maven:a:b:1`."""
    for kind, part in (("pypi", "package"), ("maven", "coordinates"), ("cran", "package")):
        if name := text(library, kind, part):
            return f"{kind}:{name}"
    for kind in ("whl", "jar", "egg", "requirements"):
        if name := text(library, kind):
            return f"{kind}:{name}"
    return "other"


def _stamp(task: Task) -> float:
    return task.started_at.timestamp() if task.started_at else 0.0


def _duration_ms(run: object, started_at: datetime | None, ended_at: datetime | None) -> int | None:
    """`run_duration` for a run of several tasks; the parts' sum, which the API calls so, for a single one."""
    if whole := integer(run, "run_duration"):
        return whole
    parts = [integer(run, f"{part}_duration") or 0 for part in ("setup", "execution", "cleanup")]
    if sum(parts):
        return sum(parts)
    if started_at and ended_at:
        return int((ended_at - started_at).total_seconds() * 1000)
    return None


def _parameters(run: object) -> Mapping[str, str]:
    given = {
        text(item, "name"): text(item, "value") or text(item, "default")
        for item in objects(run, "job_parameters")
    }
    return {**text_map(run, "overriding_parameters", "notebook_params"), **given}
