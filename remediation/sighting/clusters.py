"""A Databricks cluster and its libraries, as the workspace tells of them now."""

from __future__ import annotations

from collections.abc import Sequence

from integrations.databricks.client import DatabricksClient
from integrations.databricks.clusters import Cluster, LibraryStatus
from remediation.sighting.clients import databricks_client
from remediation.sighting.target import CannotAskError, Condition, Sighting, Target, time_text

_ORDINARY_ENDS = frozenset({"INACTIVITY", "JOB_FINISHED", "SUCCESS", "USER_REQUEST"})
_CLUSTER_STARTS = frozenset({"PENDING", "RESTARTING", "RESIZING", "TERMINATING"})


def look_at_cluster(target: Target) -> Sighting:
    """Whether the cluster runs, and why it ended. Raises CannotAskError, IntegrationError."""
    _, cluster, confirmed = _cluster_of(target)
    condition, note = cluster_condition(cluster)
    return Sighting(
        confirmed,
        condition,
        note,
        codes=end_codes(cluster),
        ended_at=time_text(cluster.terminated_at),
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


def end_codes(cluster: Cluster) -> tuple[str, ...]:
    """Why a cluster ended, where that was not as it should."""
    code = cluster.termination.code
    return (code,) if code and code not in _ORDINARY_ENDS else ()


def look_at_libraries(target: Target) -> Sighting:
    """Which libraries of a running cluster could not be installed. Raises CannotAskError, IntegrationError."""
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
