"""Clusters, their events and libraries as plain data. Pure and tolerant, as `models`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from integrations.databricks.models import library_name
from integrations.reading import at, moment_ms, text, text_map


@dataclass(frozen=True, slots=True)
class TerminationReason:
    """Why a cluster ended. `kind` is SUCCESS, CLIENT_ERROR, SERVICE_FAULT or CLOUD_FAILURE."""

    code: str = ""
    kind: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_json(cls, reason: object) -> TerminationReason:
        return cls(text(reason, "code"), text(reason, "type"), text_map(reason, "parameters"))


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster as it is now."""

    cluster_id: str
    name: str = ""
    state: str = ""
    state_message: str = ""
    termination: TerminationReason = field(default_factory=TerminationReason)
    spark_version: str = ""
    node_type: str = ""
    driver_node_type: str = ""
    creator: str = ""
    terminated_at: datetime | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_json(cls, cluster: object) -> Cluster:
        return cls(
            cluster_id=text(cluster, "cluster_id"),
            name=text(cluster, "cluster_name"),
            state=text(cluster, "state"),
            state_message=text(cluster, "state_message"),
            termination=TerminationReason.from_json(at(cluster, "termination_reason")),
            spark_version=text(cluster, "spark_version"),
            node_type=text(cluster, "node_type_id"),
            driver_node_type=text(cluster, "driver_node_type_id"),
            creator=text(cluster, "creator_user_name"),
            terminated_at=moment_ms(cluster, "terminated_time"),
            tags=text_map(cluster, "custom_tags"),
        )


@dataclass(frozen=True, slots=True)
class ClusterEvent:
    """One line of a cluster's history. The wire says `type` and `details.reason`; some texts show others."""

    cluster_id: str
    kind: str
    at: datetime | None = None
    reason: TerminationReason = field(default_factory=TerminationReason)
    cause: str = ""
    user: str = ""
    message: str = ""

    @classmethod
    def from_json(cls, event: object) -> ClusterEvent:
        details = at(event, "details") or at(event, "event_details")
        return cls(
            cluster_id=text(event, "cluster_id"),
            kind=text(event, "type") or text(event, "event_type"),
            at=moment_ms(event, "timestamp"),
            reason=TerminationReason.from_json(at(details, "reason") or at(details, "termination_reason")),
            cause=text(details, "cause"),
            user=text(details, "user"),
            message=text(details, "driver_state_message") or text(details, "did_not_expand_reason"),
        )


@dataclass(frozen=True, slots=True)
class LibraryStatus:
    """A library on a cluster. `status` is e.g. INSTALLED or FAILED; `library` is what install takes back."""

    name: str
    status: str
    messages: tuple[str, ...] = ()
    library: Mapping[str, object] = field(default_factory=dict)

    @classmethod
    def from_json(cls, entry: object) -> LibraryStatus:
        library = at(entry, "library")
        messages = at(entry, "messages")
        return cls(
            name=library_name(library),
            status=text(entry, "status"),
            messages=tuple(item for item in messages if isinstance(item, str))
            if isinstance(messages, list)
            else (),
            library=library if isinstance(library, dict) else {},
        )
