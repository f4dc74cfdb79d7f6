"""The error of a run in words: the exception itself before what only says that something failed. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from integrations.databricks.models import Run, RunReport, Task, TaskOutput

MAX_TRACE_CHARS = 64 * 1024
_TAIL_SHARE = 3  # of four parts: what a trace is about stands at its end


def error_text(run: Run, outputs: Mapping[str, TaskOutput] | None = None) -> str:
    """The run's error, e.g. `[Task: load] KeyError: 'id' | [Task: check] …`; "" when nothing says one.

    For each failed task, in this order: its `run_output.error`, its `exception.message`, its state's message.
    The job's own message stands in where no task says anything. `outputs` are by the task's run id.
    """
    known = outputs or {}
    parts = []
    for task in run.failed_tasks:
        if said := _task_error(task, known.get(task.run_id)):
            parts.append(f"[Task: {task.key}] {said}" if task.key else said)
    if parts:
        return " | ".join(parts)
    own = known.get(run.run_id)
    return (own.error.strip() if own else "") or run.state.message.strip()


def traces(report: RunReport) -> tuple[tuple[str, str], ...]:
    """(task key, trace) of each failed task that left one; whole, or cut and marked past 64 Ki characters."""
    found = []
    for task in report.run.failed_tasks or (None,):
        output = report.outputs.get(task.run_id if task else report.run.run_id)
        trace = (output.error_trace if output else "") or (task.error_trace if task else "")
        if trace.strip():
            found.append((task.key if task else "", cut_middle(trace)))
    return tuple(found)


def cut_middle(trace: str, limit: int = MAX_TRACE_CHARS) -> str:
    """`trace`, its middle replaced by a line that says so where it is longer than `limit` characters."""
    if len(trace) <= limit:
        return trace
    tail = limit * _TAIL_SHARE // 4
    head = limit - tail
    return f"{trace[:head]}\n[… {len(trace) - limit} characters left out …]\n{trace[-tail:]}"


def _task_error(task: Task, output: TaskOutput | None) -> str:
    candidates = (output.error if output else "", task.error, task.exception, task.state.message)
    return next((said.strip() for said in candidates if said.strip()), "")
