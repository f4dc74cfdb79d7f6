"""What a playbook does at the vendor: start it, find out whether it was started, watch what it started.

Every argument of a call comes from the vendor's own answer (`sighting`) or from the settings. A `PLAYBOOK_*` URL,
where set, is called instead of the vendor.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from django.conf import settings

from integrations import http
from integrations.databricks.client import DatabricksClient
from integrations.errors import IntegrationError, NotConfiguredError
from integrations.reading import first_text
from integrations.signatures import sign
from remediation import sighting
from remediation.models import Attempt
from remediation.sighting import CannotAskError, Sighting, Target, target_from
from remediation.states import Kind, PlaybookName

CALL_SECONDS = 25.0
# The vendors' clocks are not ours, and a run may be listed some seconds after it was started.
CLOCK_DIFFERENCE = timedelta(minutes=2)
LIST_LAG = timedelta(seconds=20)
NEW_END_LAG = timedelta(minutes=3)
_RUN_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,99}")
_GOOD_RUNS_ASKED = 5

URL_OF: dict[str, str] = {
    PlaybookName.RERUN_UPSTREAM: "RERUN_UPSTREAM",
    PlaybookName.RETRY_PIPELINE: "RETRY_PIPELINE",
    PlaybookName.RESTART_CLUSTER: "RESTART_CLUSTER",
    PlaybookName.RETRY_JOB: "RETRY_JOB",
    PlaybookName.REINSTALL_LIBRARIES: "REINSTALL_LIBRARIES",
    PlaybookName.CHECK_PERMISSIONS: "CHECK_PERMISSIONS",
}


@dataclass(frozen=True, slots=True)
class Trace:
    """What became of a call whose outcome is not known: `made` (with its run), `none`, or `open`: not known yet."""

    outcome: Literal["made", "none", "open"]
    run_id: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the new run is; `run_id` where it has only now become known."""

    state: Literal["running", "good", "failed"]
    note: str = ""
    run_id: str = ""


class CannotDoError(Exception):
    """The playbook does not fit what the vendor says now; people must look. The message says why."""


def url_of(playbook: str) -> str:
    """The address that is called instead of the vendor; "" for a native playbook."""
    name = URL_OF.get(playbook, "")
    return str(settings.PLAYBOOK_URLS.get(name, "")) if name else ""


def may_repeat(attempt: Attempt) -> bool:
    """Whether a call that left no trace at the vendor may be made again: what an HTTP playbook does is not known."""
    return not url_of(attempt.playbook)


def describe(playbook: str, target: Target) -> str:
    """What would be called, in one line for people."""
    where = f"{target.name} ({target.scope.rsplit('/', 1)[-1] or 'the default workspace'})"
    run = f", run {target.run_id}" if target.run_id else ""
    how = "by the HTTP playbook" if url_of(playbook) else "at the vendor"
    return f"{PlaybookName(playbook).label}: {where}{run}, {how}"


def start(attempt: Attempt, seen: Sighting) -> str:
    """Make the call; returns the new run's id, "" where none is told. Raises CannotDoError, IntegrationError."""
    if url := url_of(attempt.playbook):
        return _call_url(url, attempt, seen)
    return _START[PlaybookName(attempt.playbook)](attempt, seen)


def find(attempt: Attempt, now: datetime) -> Trace:
    """Ask the vendor whether a call took effect. Raises CannotAskError, IntegrationError."""
    return _FIND[Kind(target_from(attempt.target).kind)](attempt, now)


def watch(attempt: Attempt, now: datetime) -> Progress:
    """How far the run is that an attempt started. Raises CannotAskError, IntegrationError."""
    return _WATCH[Kind(target_from(attempt.target).kind)](attempt, now)


def upstream_of(target: Target) -> str:
    return str(settings.REMEDIATION_UPSTREAMS.get(target.name, ""))


def upstream_note(target: Target, seen: Sighting) -> str:
    """Why the upstream pipeline is not ready; "" when it has succeeded since the failed run ended.

    Raises CannotAskError, IntegrationError.
    """
    upstream = upstream_of(target)
    client = sighting.pipelines_client(target)
    since = datetime.fromisoformat(seen.ended_at) if seen.ended_at else datetime.now(UTC) - timedelta(days=1)
    runs = client.query_pipeline_runs(
        since, datetime.now(UTC) + timedelta(minutes=5), statuses=(), pipelines=(upstream,), limit=20
    )
    if any(run.status == "Succeeded" for run in runs):
        return ""
    active = next((run for run in runs if run.status in {"Queued", "InProgress"}), None)
    if active:
        return f"Upstream {upstream} runs: {active.run_id}."
    return f"Upstream {upstream} has not succeeded since the failure."


# --- Starting ---------------------------------------------------------------------------------------------


def _retry_pipeline(attempt: Attempt, seen: Sighting) -> str:
    target = seen.target
    client = sighting.pipelines_client(target).within(CALL_SECONDS)
    return client.create_run(
        target.name, reference_run_id=target.run_id, is_recovery=True, start_from_failure=True
    )


def _retry_job(attempt: Attempt, seen: Sighting) -> str:
    client = sighting.databricks_client(seen.target).within(CALL_SECONDS)
    if seen.has_tasks:
        return client.repair_run(seen.target.run_id, latest_repair(seen.repair_ids))
    if seen.parameters:
        raise CannotDoError("The run has no tasks to repair, and a new one would not have its parameters.")
    return client.run_now(seen.target.name, attempt.token)


def latest_repair(repair_ids: tuple[str, ...]) -> str:
    return repair_ids[-1] if repair_ids else ""


def _restart_cluster(attempt: Attempt, seen: Sighting) -> str:
    sighting.databricks_client(seen.target).within(CALL_SECONDS).start_cluster(seen.target.name)
    return ""


def _fallback_node_type(attempt: Attempt, seen: Sighting) -> str:
    fallback = settings.REMEDIATION_NODE_FALLBACKS.get(seen.node_type, "")
    if not fallback and seen.node_type not in settings.REMEDIATION_NODE_FALLBACKS.values():
        raise CannotDoError(
            f"REMEDIATION_NODE_FALLBACKS names no fallback for {seen.node_type or 'its node type'}."
        )
    client = sighting.databricks_client(seen.target).within(CALL_SECONDS)
    if fallback:
        client.change_node_type(seen.target.name, fallback)
    client.start_cluster(seen.target.name)
    return ""


def _reinstall_libraries(attempt: Attempt, seen: Sighting) -> str:
    client = sighting.databricks_client(seen.target).within(CALL_SECONDS)
    client.install_libraries(seen.target.name, seen.libraries)
    return ""


def _last_good_libraries(attempt: Attempt, seen: Sighting) -> str:
    client = sighting.databricks_client(seen.target).within(CALL_SECONDS)
    found = [_last_good(client, seen.target.name, library) for library in seen.libraries]
    client.install_libraries(seen.target.name, found)
    return ""


def _last_good(
    client: DatabricksClient, cluster_id: str, library: Mapping[str, object]
) -> Mapping[str, object]:
    """The version of a PyPI library with which the latest successful runs on this cluster ran."""
    wanted = first_text(library.get("pypi"), "package")
    name = _package_name(wanted)
    if not name:
        raise CannotDoError("Only PyPI libraries have a version to go back to.")
    asked = 0
    for known in client.list_runs(limit=50):
        if asked == _GOOD_RUNS_ASKED:
            break
        if known.state.has_failed or not known.state.is_over:
            continue
        asked += 1
        for task in client.get_run(known.run_id).tasks:
            for each in task.libraries if task.cluster_id == cluster_id else ():
                package = each.removeprefix("pypi:")
                if (
                    each != package
                    and "==" in package
                    and _package_name(package) == name
                    and package != wanted
                ):
                    return {"pypi": {"package": package}}
    raise CannotDoError(f"No version of {name} is known that worked on this cluster.")


def _package_name(package: str) -> str:
    return re.split(r"[=<>!~\[ ;]", package, maxsplit=1)[0].lower().replace("_", "-")


def _no_native_call(attempt: Attempt, seen: Sighting) -> str:
    raise CannotDoError(f"Set PLAYBOOK_{URL_OF[attempt.playbook]}: there is no native call for it.")


_START: dict[PlaybookName, Callable[[Attempt, Sighting], str]] = {
    PlaybookName.RETRY_PIPELINE: _retry_pipeline,
    PlaybookName.RERUN_UPSTREAM: _retry_pipeline,
    PlaybookName.RETRY_JOB: _retry_job,
    PlaybookName.RESTART_CLUSTER: _restart_cluster,
    PlaybookName.FALLBACK_NODE_TYPE: _fallback_node_type,
    PlaybookName.REINSTALL_LIBRARIES: _reinstall_libraries,
    PlaybookName.LAST_GOOD_LIBRARIES: _last_good_libraries,
    PlaybookName.CHECK_PERMISSIONS: _no_native_call,
}


def _call_url(url: str, attempt: Attempt, seen: Sighting) -> str:
    """`POST` to a Logic App or Function (contract, section 12): signed, never repeated, its address kept secret."""
    if not settings.PLAYBOOK_SIGNING_SECRET:
        raise NotConfiguredError(
            "playbook", "Set PLAYBOOK_SIGNING_SECRET: playbooks are called signed or not at all."
        )
    metadata: dict[str, Any] = {
        **seen.target.as_json(),
        "playbook": attempt.playbook,
        "attempt_id": attempt.pk,
        "idempotency_token": attempt.token,
    }
    body = {
        "ticket_id": attempt.ticket.key,
        "error_type": attempt.error_type,
        "metadata": metadata,
        "retry_attempt": attempt.try_number,
        "max_retries": attempt.most_tries,
    }
    content = json.dumps(body).encode()
    answer = http.request(
        "playbook",
        "POST",
        url,
        data=content,
        headers={
            "Content-Type": "application/json",
            "X-Signature": sign(settings.PLAYBOOK_SIGNING_SECRET, content),
            "Idempotency-Key": attempt.token,
        },
        idempotent=False,
        retries=0,
        deadline=CALL_SECONDS,
        max_bytes=64 * 1024,
        shown_as=f"PLAYBOOK_{URL_OF[attempt.playbook]}",
    )
    try:
        run_id = first_text(answer.json(), "new_run_id", "run_id")
    except IntegrationError:
        return ""
    return run_id if _RUN_ID.fullmatch(run_id) else ""


# --- Finding out what became of a call --------------------------------------------------------------------


def _find_pipeline_run(attempt: Attempt, now: datetime) -> Trace:
    target = target_from(attempt.target)
    client = sighting.pipelines_client(target)
    called_at = attempt.called_at or now
    runs = client.query_pipeline_runs(
        called_at - CLOCK_DIFFERENCE, now + CLOCK_DIFFERENCE, statuses=(), pipelines=(target.name,), limit=100
    )
    known = {*attempt.before.get("runs", ()), attempt.run_id}
    group = {attempt.before.get("group_id", ""), attempt.run_id} - {""}
    is_ours = bool(url_of(attempt.playbook))  # an HTTP playbook may start a run outside the group
    new = [
        run for run in runs
        if run.run_id not in known
        and (run.started_at is None or run.started_at >= called_at - CLOCK_DIFFERENCE)
        and (is_ours or run.group_id in group)
    ]  # fmt: skip
    if new:
        first = min(new, key=lambda run: run.started_at or now)
        return Trace("made", first.run_id)
    return _none_after(LIST_LAG, attempt, now)


def _find_repair(attempt: Attempt, now: datetime) -> Trace:
    target = target_from(attempt.target)
    client = sighting.databricks_client(target)
    run = client.get_run(target.run_id, include_history=True)
    known = set(attempt.before.get("repair_ids", ()))
    if new := [repair for repair in run.repair_ids if repair not in known]:
        return Trace("made", new[0])
    if not run.state.is_over:
        return Trace("open")
    if not attempt.before.get("is_repair") and attempt.called_at:
        later = client.list_runs(
            job_id=target.name,
            started_after=attempt.called_at - CLOCK_DIFFERENCE,
            completed_only=False,
            limit=25,
        )
        old = {*attempt.before.get("runs", ()), target.run_id}
        if new_runs := [item.run_id for item in later if item.run_id not in old]:
            return Trace("made", new_runs[-1])
    return _none_after(LIST_LAG, attempt, now)


def _find_cluster_start(attempt: Attempt, now: datetime) -> Trace:
    target = target_from(attempt.target)
    cluster = sighting.databricks_client(target).get_cluster(target.name)
    if cluster.state == "TERMINATING":
        return Trace("open")
    has_ended_anew = _iso(cluster.terminated_at) != attempt.before.get("ended_at", "")
    if cluster.state != "TERMINATED" or has_ended_anew:
        return Trace("made")
    return _none_after(LIST_LAG, attempt, now)


def _find_installation(attempt: Attempt, now: datetime) -> Trace:
    target = target_from(attempt.target)
    statuses = sighting.databricks_client(target).library_statuses(target.name)
    return Trace("none") if sighting.library_condition(statuses)[0] == "failed" else Trace("made")


def _none_after(lag: timedelta, attempt: Attempt, now: datetime) -> Trace:
    """An empty answer proves nothing until the vendor has had the time to list what was begun."""
    return Trace("none" if attempt.called_at is None or now - attempt.called_at >= lag else "open")


_FIND: dict[Kind, Callable[[Attempt, datetime], Trace]] = {
    Kind.PIPELINE: _find_pipeline_run,
    Kind.JOB: _find_repair,
    Kind.CLUSTER: _find_cluster_start,
    Kind.LIBRARY: _find_installation,
}


# --- Watching ---------------------------------------------------------------------------------------------


def _watch_pipeline(attempt: Attempt, now: datetime) -> Progress:
    target = target_from(attempt.target)
    if not attempt.new_run_id:
        return _watch_for_run(attempt, now)
    run = sighting.pipelines_client(target).get_pipeline_run(attempt.new_run_id)
    if run.pipeline != target.name:
        return Progress("failed", f"Run {attempt.new_run_id} is of another pipeline.")
    status = run.status.lower()
    if status == "succeeded":
        return Progress("good")
    if status in {"failed", "cancelled"}:
        return Progress("failed", f"Run {attempt.new_run_id} {status}.")
    return Progress("running")


def _watch_job(attempt: Attempt, now: datetime) -> Progress:
    target = target_from(attempt.target)
    if not attempt.new_run_id:
        return _watch_for_run(attempt, now)
    client = sighting.databricks_client(target)
    run = client.get_run(target.run_id, include_history=True)
    is_repair = attempt.new_run_id in run.repair_ids
    if not is_repair and attempt.before.get("is_repair"):
        return Progress("running")  # not listed yet
    if not is_repair:
        run = client.get_run(attempt.new_run_id)
        if run.job_id != target.name:
            return Progress("failed", f"Run {attempt.new_run_id} is of another job.")
    condition, note = sighting.job_condition(run)
    if condition == "active":
        return Progress("running")
    if condition == "good":
        return Progress("good")
    is_old_end = is_repair and _iso(run.ended_at) == attempt.before.get("ended_at", "")
    if is_old_end and _is_young(attempt, now):
        return Progress("running")  # the run still shows how it ended before
    return Progress("failed", note or "The tasks failed again.")


def _watch_for_run(attempt: Attempt, now: datetime) -> Progress:
    """The HTTP playbook told no run: look for one that began since."""
    trace = find(attempt, now)
    if trace.outcome == "made":
        return Progress("running", run_id=trace.run_id)
    return Progress("running")


def _watch_cluster(attempt: Attempt, now: datetime) -> Progress:
    target = target_from(attempt.target)
    cluster = sighting.databricks_client(target).get_cluster(target.name)
    condition, note = sighting.cluster_condition(cluster)
    if condition == "good":
        return Progress("good")
    if condition == "active":
        return Progress("running")
    if _iso(cluster.terminated_at) == attempt.before.get("ended_at", "") and _is_young(attempt, now):
        return Progress("running")
    return Progress("failed", note or f"It ended again: {cluster.termination.code or cluster.state}.")


def _watch_libraries(attempt: Attempt, now: datetime) -> Progress:
    target = target_from(attempt.target)
    condition, note = sighting.library_condition(
        sighting.databricks_client(target).library_statuses(target.name)
    )
    if condition == "good":
        return Progress("good")
    if condition == "active" or _is_very_young(attempt, now):
        return Progress("running")
    return Progress("failed", note)


def _is_young(attempt: Attempt, now: datetime) -> bool:
    return attempt.called_at is not None and now - attempt.called_at < NEW_END_LAG


def _is_very_young(attempt: Attempt, now: datetime) -> bool:
    return attempt.called_at is not None and now - attempt.called_at < LIST_LAG


def _iso(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


_WATCH: dict[Kind, Callable[[Attempt, datetime], Progress]] = {
    Kind.PIPELINE: _watch_pipeline,
    Kind.JOB: _watch_job,
    Kind.CLUSTER: _watch_cluster,
    Kind.LIBRARY: _watch_libraries,
}
__all__ = [
    "CannotAskError", "CannotDoError", "Progress", "Trace", "describe", "find", "may_repeat", "start",
    "upstream_note", "upstream_of", "url_of", "watch",
]  # fmt: skip
