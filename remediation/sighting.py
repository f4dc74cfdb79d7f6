"""What the vendor itself says of a failed resource, asked now: the only source of ids, names and codes to act on.

A ticket's resource fields say where to ask; everything that a call is made with afterwards comes out of the
answer. Only workspaces and factories of the settings are asked. Reads only, and never inside a transaction.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from django.conf import settings

from integrations.databricks.client import DatabricksClient, client_for_workspace
from integrations.databricks.clusters import Cluster, LibraryStatus
from integrations.databricks.config import Workspaces
from integrations.databricks.models import Run, Task
from integrations.datafactory.client import PipelinesClient, client_for_resource
from integrations.datafactory.follow import follow_failure
from integrations.datafactory.models import ActivityRun, PipelineRun
from integrations.datafactory.resource import parse_host_id
from integrations.errors import IntegrationError
from remediation.states import Kind
from tickets.choices import ResourceType, Source
from tickets.models import Ticket

READ_SECONDS = 20.0
Condition = Literal["failed", "active", "good", "ended"]
"""`good`: nothing is left to repair. `ended`: cancelled, or ended as it should."""

# What a Copy activity and its kin write at the very head of a message; further in, text of others may stand.
_HEAD_CODE = re.compile(
    r"(?:Failure happened on '(?:Source|Sink)' side\. )?ErrorCode=([A-Za-z]\w{2,100}),'Type="
)
_DATA_FLOW_HEAD = re.compile(r'\s*\{\s*"StatusCode"\s*:\s*"([A-Za-z][\w-]{2,100})"')
_VENDOR_WRITES_MESSAGE = frozenset(
    {"copy", "lookup", "getmetadata", "delete", "validation", "sqlserverstoredprocedure"}
)
_USER_WRITES_CODE = frozenset({"fail"})
_EMPTY_CODES = frozenset({"", "FAILED", "SUCCESS", "UNKNOWN"})
_ORDINARY_ENDS = frozenset({"INACTIVITY", "JOB_FINISHED", "SUCCESS", "USER_REQUEST"})
_CLUSTER_STARTS = frozenset({"PENDING", "RESTARTING", "RESIZING", "TERMINATING"})
_LATER_RUNS = 25


class CannotAskError(Exception):
    """There is nobody to ask about this ticket, or nothing to ask about; the message says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is repaired. `scope` is an ARM id or a workspace id, `name` a pipeline, job id or cluster id."""

    kind: str
    source: str
    scope: str
    name: str
    run_id: str = ""

    @property
    def resource(self) -> str:
        return f"{self.source} {self.scope} {self.kind} {self.name}".replace("  ", " ")[:700]

    @property
    def key(self) -> str:
        # A library and its cluster are one resource: two attempts at one cluster would disturb each other.
        kind = Kind.CLUSTER if self.kind == Kind.LIBRARY else self.kind
        text = "\n".join((self.source, self.scope.lower(), str(kind), self.name.lower()))
        return hashlib.sha256(text.encode()).hexdigest()

    def as_json(self) -> dict[str, str]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Sighting:
    """What the vendor says now.

    `codes` stand in structured fields of the record. `group_id` joins a pipeline run with its reruns; `parent` is
    the run that began this one. `runs` are all runs known to be later or of the group, `repair_ids` the repairs of
    a job run. `note` explains a condition other than failed.
    """

    target: Target
    condition: Condition
    note: str = ""
    codes: tuple[str, ...] = ()
    group_id: str = ""
    parent: str = ""
    runs: tuple[str, ...] = ()
    repair_ids: tuple[str, ...] = ()
    ended_at: str = ""
    has_tasks: bool = False
    parameters: Mapping[str, str] | None = None
    node_type: str = ""
    libraries: tuple[Mapping[str, object], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """What is kept with an attempt to compare with later. No parameter values: they may be secrets."""
        return {
            "group_id": self.group_id,
            "runs": list(self.runs),
            "repair_ids": list(self.repair_ids),
            "ended_at": self.ended_at,
            "node_type": self.node_type,
            "codes": list(self.codes),
        }


def target_from(stored: Mapping[str, str]) -> Target:
    return Target(**stored)


def kind_of(ticket: Ticket) -> Kind | None:
    """What kind of thing a ticket is about; None where no playbook could ever fit."""
    if ticket.source in {Source.ADF, Source.SYNAPSE}:
        return Kind.PIPELINE
    if ticket.source == Source.DATABRICKS_CLUSTERS or ticket.resource_type == ResourceType.CLUSTER:
        return Kind.CLUSTER
    if ticket.source == Source.DATABRICKS:
        return Kind.LIBRARY if ticket.resource_type == ResourceType.LIBRARY else Kind.JOB
    return None


def look_at_ticket(ticket: Ticket) -> Sighting:
    """Ask about the failure of a ticket. Raises CannotAskError, IntegrationError."""
    kind = kind_of(ticket)
    if kind is None:
        raise CannotAskError(f"There is no playbook for {ticket.get_source_display()}.")
    if kind == Kind.PIPELINE:
        scope = ticket.run_scope or str(ticket.metadata.get("resource_id") or "")
        return look(Target(kind, ticket.source, scope, "", ticket.current_run_id))
    scope = ticket.run_scope or str(ticket.metadata.get("workspace_id") or "")
    if kind == Kind.JOB:
        seen = look(Target(kind, Source.DATABRICKS, scope, "", ticket.current_run_id))
        _check_same_workspace(ticket, scope, seen)
        return seen
    cluster_id = str(ticket.metadata.get("cluster_id") or "")
    return look(Target(kind, Source.DATABRICKS, scope, cluster_id))


def _check_same_workspace(ticket: Ticket, scope: str, seen: Sighting) -> None:
    """Two workspaces may use the same run number: the run must be of the job, or in the workspace, of the event."""
    told = str(ticket.metadata.get("job_id") or "")
    if told and told != seen.target.name:
        raise CannotAskError(
            f"Run {ticket.run_id} is of job {seen.target.name} here, not {told}: another workspace is meant."
        )
    is_known = any(config.workspace_id == scope for config in Workspaces.from_settings().all())
    if scope and not told and not is_known:
        raise CannotAskError(
            "Set DATABRICKS_WORKSPACE_ID: it is not known whether the run is of this workspace."
        )


def look(target: Target) -> Sighting:
    """Ask about a target; its name is filled in from the answer. Raises CannotAskError, IntegrationError."""
    return _LOOK[Kind(target.kind)](target)


def pipelines_client(target: Target) -> PipelinesClient:
    """The factory or workspace of a target, where the settings allow it. Raises CannotAskError, IntegrationError."""
    host = parse_host_id(target.scope)
    if host is None:
        raise CannotAskError("The ticket does not name its factory or workspace by its ARM id.")
    allowed = _factories()
    if allowed and host.arm_id.lower() not in {each.strip().rstrip("/").lower() for each in allowed}:
        raise CannotAskError(f"{host.name} is not among the factories of REMEDIATION_FACTORIES.")
    client = client_for_resource(target.scope)
    assert client is not None, "the id was just read"
    return client.within(READ_SECONDS)


def _factories() -> tuple[str, ...]:
    return settings.REMEDIATION_FACTORIES or settings.RECONCILE_FACTORIES


def observed_only(kind: str) -> str:
    """Why things of a kind may be looked at and nothing more; "" where they may be repaired."""
    if kind == Kind.PIPELINE and not _factories():
        return "Observed only: no factory is named in REMEDIATION_FACTORIES."
    return ""


def databricks_client(target: Target) -> DatabricksClient:
    """The workspace of a target, where the settings know it. Raises CannotAskError, IntegrationError."""
    client = client_for_workspace(target.scope)
    if client is None:
        raise CannotAskError(f"No workspace of the settings has the id {target.scope[:40]}.")
    return client.within(READ_SECONDS)


def _look_at_pipeline(target: Target) -> Sighting:
    if not target.run_id:
        raise CannotAskError("The ticket names no run.")
    client = pipelines_client(target)
    path = follow_failure(client, target.run_id)
    run = path.steps[0].run
    if run.run_id.lower() != target.run_id.lower() or not run.pipeline:
        raise CannotAskError("The vendor answered with another run than the one asked for.")
    confirmed = Target(target.kind, target.source, client.host.arm_id.lower(), run.pipeline, run.run_id)
    condition, note = _pipeline_condition(run)
    later: Sequence[PipelineRun] = ()
    if condition == "failed":
        later = _later_pipeline_runs(client, run)
        condition, note = _after_later(
            [(item.run_id, _pipeline_condition(item)[0]) for item in later if _is_same_work(run, item)],
            (condition, note),
        )
    leaf = path.steps[-1].activity
    return Sighting(
        confirmed,
        condition,
        note,
        codes=_activity_codes(leaf) if leaf and not path.problem else (),
        group_id=run.group_id or run.run_id,
        parent=run.parent_run_id,
        runs=tuple(item.run_id for item in later),
        ended_at=_iso(run.ended_at),
        parameters=run.parameters,
    )


def _pipeline_condition(run: PipelineRun) -> tuple[Condition, str]:
    status = run.status.lower()
    if status == "failed":
        return "failed", ""
    if status == "succeeded":
        return "good", "The run has succeeded."
    if status == "cancelled":
        return "ended", "The run was cancelled."
    return "active", f"The run is {run.status or 'not ended'}."


def _later_pipeline_runs(client: PipelinesClient, run: PipelineRun) -> tuple[PipelineRun, ...]:
    """Runs of the same pipeline since the failed one began, without it."""
    since = (run.started_at or run.updated_at or datetime.now(UTC)) - timedelta(minutes=1)
    found = client.query_pipeline_runs(
        since, datetime.now(UTC) + timedelta(minutes=5), statuses=(), pipelines=(run.pipeline,), limit=100
    )
    return tuple(item for item in found if item.run_id != run.run_id and _is_later(run, item))


def _is_later(run: PipelineRun, other: PipelineRun) -> bool:
    ended = run.ended_at or run.updated_at
    return ended is None or other.started_at is None or other.started_at >= ended - timedelta(seconds=1)


def _is_same_work(run: PipelineRun, other: PipelineRun) -> bool:
    """A rerun of this run, or a run with the same parameters."""
    is_rerun = bool(other.group_id) and other.group_id in {run.group_id, run.run_id}
    return is_rerun or dict(other.parameters) == dict(run.parameters)


def _after_later(
    later: Sequence[tuple[str, Condition]], known: tuple[Condition, str]
) -> tuple[Condition, str]:
    """What later runs of the same work make of a failure."""
    for run_id, condition in later:
        if condition == "active":
            return "active", f"It runs already: {run_id}."
    for run_id, condition in later:
        if condition == "good":
            return "good", f"It was repaired already: run {run_id} succeeded."
    return known


def _activity_codes(activity: ActivityRun) -> tuple[str, ...]:
    """The codes that the service itself wrote. A Fail activity's code and most messages are other people's text."""
    kind = activity.kind.lower()
    if kind in _USER_WRITES_CODE:
        return ()
    if activity.error_code and not activity.error_code.isdigit():
        return (activity.error_code,)
    found = _HEAD_CODE.match(activity.error_message) if kind in _VENDOR_WRITES_MESSAGE else None
    if found is None and kind == "executedataflow":
        found = _DATA_FLOW_HEAD.match(activity.error_message)
    return (found[1],) if found else ()


def _look_at_job(target: Target) -> Sighting:
    if not target.run_id:
        raise CannotAskError("The ticket names no run.")
    client = databricks_client(target)
    run = client.get_run(target.run_id, include_history=True)
    if run.parent_run_id:  # the id was that of a task's own run
        run = client.get_run(run.parent_run_id, include_history=True)
    elif run.run_id != target.run_id:
        raise CannotAskError("The vendor answered with another run than the one asked for.")
    if not run.job_id or run.job_id == "0" or run.run_type == "SUBMIT_RUN":
        raise CannotAskError("The run belongs to no job: who submitted it runs it again.")
    confirmed = Target(
        target.kind, target.source, client.config.workspace_id or target.scope, run.job_id, run.run_id
    )
    condition, note = job_condition(run)
    later: tuple[Run, ...] = ()
    if condition == "failed":
        later = client.list_runs(
            job_id=run.job_id, started_after=run.ended_at, completed_only=False, limit=_LATER_RUNS
        )
        later = tuple(item for item in later if item.run_id != run.run_id and item.job_id in {"", run.job_id})
        condition, note = _after_later(
            [(item.run_id, job_condition(item)[0]) for item in later
             if dict(item.parameters) == dict(run.parameters)],
            (condition, note),
        )  # fmt: skip
    return Sighting(
        confirmed,
        condition,
        note,
        codes=_job_codes(run) or _cluster_codes(client, run),
        runs=tuple(item.run_id for item in later),
        repair_ids=run.repair_ids,
        ended_at=_iso(run.ended_at),
        has_tasks=bool(run.tasks),
        parameters=run.parameters,
    )


def job_condition(run: Run) -> tuple[Condition, str]:
    if not run.state.is_over:
        return "active", f"The run is {run.state.life_cycle.lower() or 'not ended'}."
    if "CANCEL" in run.state.result:
        return "ended", "The run was cancelled."
    if run.state.has_failed:
        return "failed", ""
    return "good", "The run has succeeded."


def _job_codes(run: Run) -> tuple[str, ...]:
    """The termination code of the failed tasks where they agree; where they do not, no code speaks for the run."""
    told = [found for task in run.failed_tasks if (found := _task_codes(task))]
    if told and any(codes != told[0] for codes in told):
        return ()
    own = tuple(code for code in (run.state.code, run.state.result) if code not in _EMPTY_CODES)
    return told[0] if told else tuple(dict.fromkeys(own))


def _task_codes(task: Task) -> tuple[str, ...]:
    codes = (task.state.code, task.state.result)
    return tuple(dict.fromkeys(code for code in codes if code not in _EMPTY_CODES))


def _cluster_codes(client: DatabricksClient, run: Run) -> tuple[str, ...]:
    """Where the run tells no code: why its cluster ended, if that was when the run did."""
    ids = [task.cluster_id for task in run.failed_tasks] + [run.cluster_id]
    for cluster_id in list(dict.fromkeys(filter(None, ids)))[:1]:
        try:
            cluster = client.get_cluster(cluster_id)
        except IntegrationError:
            return ()
        if (
            cluster.terminated_at
            and run.ended_at
            and abs(cluster.terminated_at - run.ended_at) < timedelta(minutes=15)
        ):
            return _end_codes(cluster)
    return ()


def _end_codes(cluster: Cluster) -> tuple[str, ...]:
    code = cluster.termination.code
    return (code,) if code and code not in _ORDINARY_ENDS else ()


def _look_at_cluster(target: Target) -> Sighting:
    _, cluster, confirmed = _cluster_of(target)
    condition, note = cluster_condition(cluster)
    return Sighting(
        confirmed,
        condition,
        note,
        codes=_end_codes(cluster),
        ended_at=_iso(cluster.terminated_at),
        node_type=cluster.node_type,
    )


def _cluster_of(target: Target) -> tuple[DatabricksClient, Cluster, Target]:
    if not target.name:
        raise CannotAskError("The ticket names no cluster.")
    client = databricks_client(target)
    cluster = client.get_cluster(target.name)
    if cluster.cluster_id != target.name:
        raise CannotAskError("The vendor answered with another cluster than the one asked for.")
    scope = client.config.workspace_id or target.scope
    return client, cluster, Target(target.kind, target.source, scope, cluster.cluster_id, target.run_id)


def cluster_condition(cluster: Cluster) -> tuple[Condition, str]:
    if cluster.state == "RUNNING":
        return "good", "The cluster runs."
    if cluster.state in _CLUSTER_STARTS:
        return "active", f"The cluster is {cluster.state.lower()}."
    if cluster.termination.code in _ORDINARY_ENDS or cluster.termination.kind == "SUCCESS":
        return "ended", f"The cluster ended as it should ({cluster.termination.code})."
    return "failed", ""


def _look_at_libraries(target: Target) -> Sighting:
    client, cluster, confirmed = _cluster_of(target)
    if cluster.state != "RUNNING":
        raise CannotAskError("The cluster does not run: its libraries are installed when it starts.")
    statuses = client.library_statuses(target.name)
    condition, note = library_condition(statuses)
    failed = failed_libraries(statuses)
    return Sighting(
        confirmed,
        condition,
        note,
        codes=("LIBRARY_INSTALL_FAILED",) if failed else (),
        libraries=tuple(status.library for status in failed),
    )


def failed_libraries(statuses: Sequence[LibraryStatus]) -> tuple[LibraryStatus, ...]:
    return tuple(status for status in statuses if "FAIL" in status.status.upper() and status.library)


def library_condition(statuses: Sequence[LibraryStatus]) -> tuple[Condition, str]:
    if failed := failed_libraries(statuses):
        return "failed", f"Not installed: {', '.join(status.name for status in failed)[:200]}."
    waiting = {"PENDING", "RESOLVING", "INSTALLING", "RESTORED"}
    if any(status.status.upper() in waiting for status in statuses):
        return "active", "Libraries are being installed."
    return "good", "All libraries are installed."


def _iso(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


_LOOK: dict[Kind, Callable[[Target], Sighting]] = {
    Kind.PIPELINE: _look_at_pipeline,
    Kind.JOB: _look_at_job,
    Kind.CLUSTER: _look_at_cluster,
    Kind.LIBRARY: _look_at_libraries,
}
