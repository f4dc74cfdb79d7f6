"""A cluster as a witness: what it is, and what befell it around the failure."""

from __future__ import annotations

from datetime import datetime, timedelta

from integrations.databricks.client import DatabricksClient
from integrations.databricks.clusters import Cluster, ClusterEvent, TerminationReason
from integrations.databricks.links import cluster_logs_url
from rca.evidence.gathered import Gathered
from rca.models import EvidenceKind
from tickets.choices import ResourceType
from tickets.models import Ticket

MAX_EVENTS = 15
_ORDINARY = frozenset({"", "INACTIVITY", "JOB_FINISHED", "SUCCESS", "USER_REQUEST"})


def gather_ticket(ticket: Ticket, client: DatabricksClient, found: Gathered) -> None:
    """Evidence for a ticket about a cluster or a library."""
    cluster_id = str(ticket.metadata.get("cluster_id") or "")
    if not cluster_id:
        found.note("No cluster to ask for", "The alert names no cluster id, so its events cannot be read.")
        return
    at = ticket.fired_at or ticket.opened_at
    gather(found, client, cluster_id, start=at - timedelta(minutes=30), end=at + timedelta(minutes=10))
    found.metadata["run_url"] = found.chain_url = cluster_logs_url(client.config.host, cluster_id)
    if ticket.resource_type == ResourceType.LIBRARY:
        _gather_libraries(found, client, cluster_id)


def gather(
    found: Gathered, client: DatabricksClient, cluster_id: str, *, start: datetime, end: datetime
) -> Cluster | None:
    """The cluster and its events in a window; an abnormal end joins the chain and gives the error's code."""
    url = cluster_logs_url(client.config.host, cluster_id)
    cluster = found.ask(f"cluster {cluster_id}", lambda: client.get_cluster(cluster_id))
    events = found.ask(
        f"the events of cluster {cluster_id}",
        lambda: client.cluster_events(cluster_id, start=start, end=end),
    )
    name = (cluster.name if cluster else "") or cluster_id
    if cluster:
        found.tag_sets.append(cluster.tags)
        text = _cluster_text(cluster)
        found.add(EvidenceKind.CONFIGURATION, f"Cluster {name}", text, url, slot=f"cluster:{cluster_id}")
    if events:
        lines = [_event_text(event) for event in reversed(events[:MAX_EVENTS])]
        title = f"Events of cluster {name} around the failure"
        slot = f"events:{cluster_id}:{start:%Y%m%d%H%M}"
        found.add(EvidenceKind.CLUSTER_EVENT, title, "\n".join(lines), url, slot=slot)
    _tell_end(found, name, _reason(cluster, events or (), start=start, end=end))
    return cluster


def _reason(
    cluster: Cluster | None, events: tuple[ClusterEvent, ...], *, start: datetime, end: datetime
) -> TerminationReason:
    """Why it ended near the failure: by its events, else by its state while no later life has replaced it."""
    for event in events:
        if event.reason.code:
            return event.reason
    if cluster and cluster.terminated_at and start <= cluster.terminated_at <= end:
        return cluster.termination
    return TerminationReason()


def _tell_end(found: Gathered, name: str, reason: TerminationReason) -> None:
    if reason.code in _ORDINARY or reason.kind == "SUCCESS":
        return
    kind = f" ({reason.kind})" if reason.kind else ""
    said = "; ".join(reason.parameters.values())
    sentence = f"Cluster {name} ended with {reason.code}{kind}" + (f": {said}" if said else "")
    found.chain.append(sentence)
    if found.error_message:
        if sentence not in found.error_message and reason.code not in found.error_message:
            found.error_message = f"{found.error_message} | {sentence}"
        found.error_code = found.error_code or reason.code
    else:
        found.fail_at(f"Cluster {name}", sentence, reason.code)


def _cluster_text(cluster: Cluster) -> str:
    facts = (
        ("Id", cluster.cluster_id),
        ("State", " ".join(part for part in (cluster.state, cluster.state_message) if part)),
        ("Ended with", f"{cluster.termination.code} {cluster.termination.kind}".strip()),
        ("Runtime", cluster.spark_version),
        ("Node type", cluster.node_type),
        ("Driver", cluster.driver_node_type),
        ("Creator", cluster.creator),
    )
    return "\n".join(f"{name}: {value}" for name, value in facts if value)


def _event_text(event: ClusterEvent) -> str:
    at = f"{event.at:%Y-%m-%d %H:%M:%S}" if event.at else "?"
    reason = f"{event.reason.code} ({event.reason.kind})" if event.reason.code else ""
    told = [reason, *event.reason.parameters.values(), event.cause, event.message, event.user]
    said = "; ".join(part for part in told if part)
    return f"{at} {event.kind}" + (f": {said}" if said else "")


def _gather_libraries(found: Gathered, client: DatabricksClient, cluster_id: str) -> None:
    statuses = found.ask("the libraries of the cluster", lambda: client.library_statuses(cluster_id))
    failed = [status for status in statuses or () if "FAIL" in status.status.upper()]
    lines = [f"{status.name}: {status.status} {' '.join(status.messages)}".strip() for status in failed]
    title = "Libraries that could not be installed"
    found.add(
        EvidenceKind.TASK_ERROR, title, "\n".join(lines), cluster_logs_url(client.config.host, cluster_id)
    )
    if failed:
        found.fail_at(f"Library {failed[0].name}", "\n".join(lines))
