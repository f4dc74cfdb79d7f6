"""From a ticket, or a target that an attempt kept, to the sighting."""

from __future__ import annotations

from collections.abc import Callable

from integrations.databricks.config import Workspaces
from remediation.sighting.clusters import look_at_cluster, look_at_libraries
from remediation.sighting.jobs import look_at_job
from remediation.sighting.pipelines import look_at_pipeline
from remediation.sighting.target import CannotAskError, Sighting, Target
from remediation.states import Kind
from tickets.choices import ResourceType, Source
from tickets.models import Ticket


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


_LOOK: dict[Kind, Callable[[Target], Sighting]] = {
    Kind.PIPELINE: look_at_pipeline,
    Kind.JOB: look_at_job,
    Kind.CLUSTER: look_at_cluster,
    Kind.LIBRARY: look_at_libraries,
}
