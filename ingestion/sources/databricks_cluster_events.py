"""Relayed `cluster.*` and `library.*` events at `/databricks-monitor`.

Databricks itself sends no such webhook; relays that poll the cluster events API post them.
"""

from __future__ import annotations

from ingestion.sources import keys
from ingestion.sources.base import Failure, Failures, Ignored, ParseResult, Unsupported
from ingestion.sources.cluster_facts import ClusterEnd
from ingestion.sources.error_text import MAX_CODE
from ingestion.sources.fields import MAX_NAME, Fields, any_text, clean, compact, scalar_text
from ingestion.sources.times import parse_time, stamp
from tickets.choices import ResourceType, Source

_SLUG = Source.DATABRICKS.value
_FAILING_WORDS = ("fail", "terminat", "error", "unexpected", "lost", "unreachable", "notresponding")


def parse_cluster_event(event: str, fields: Fields) -> ParseResult:
    """`cluster.terminated`, `cluster.failed_to_start` and other `cluster.*` events."""
    end = _read_cluster(fields)
    if not (end.cluster_id or end.cluster_name):
        return Unsupported(f'The cluster event "{event}" names no cluster (cluster.cluster_id).')
    if end.is_successful or end.has_ordinary_code:
        why = end.code or end.type
        return Ignored(f'Cluster "{end.name}" ended as it should ({why}).', event="cluster-ended-well")
    if not _tells_failure(event, end):
        return Ignored(
            f'The event "{event or end.state}" of cluster "{end.name}" is no failure.', event="cluster-other"
        )
    moment = stamp(end.at) if end.at else ""
    series = ("cluster", end.workspace_id, end.cluster_id or end.cluster_name, end.code or event)
    failure = Failure(
        source=_SLUG,
        resource_type=ResourceType.CLUSTER,
        name=end.name,
        dedup_key=_key("cluster", end, end.composite(end.at), moment, series),
        run_id=end.cluster_id,
        run_scope=end.workspace_id,
        family_key=keys.family(_SLUG, *series),
        error_message=end.sentence(),
        error_code=end.code,
        severity=end.severity,
        fired_at=end.at,
        has_firing=bool(moment),
        metadata={**end.metadata(), **compact(event_type=event)},
    )
    return Failures("cluster-failed", (failure,))


def parse_library_event(event: str, fields: Fields) -> ParseResult:
    """`library.installation.failed` and its kin."""
    library = Fields.of(fields.object("library"))
    name = _library_name(fields.raw("library"), library) or fields.scalar("libraryname", "package")
    end = _read_cluster(fields)
    if not (name or end.cluster_id):
        return Unsupported(f'The library event "{event}" names neither a library nor a cluster.')
    message = (
        fields.text("errormessage")
        or library.text("errormessage", "messages", "message")
        or fields.text("message")
    )
    status = (fields.scalar("status") or library.scalar("status")).lower()
    word = event.replace("_", "").replace(".", "")
    if "fail" not in word + status and "error" not in word + status and (word or status or not message):
        return Ignored(
            f'The event "{event or status}" of library "{name}" is no failure.', event="library-other"
        )
    where = end.cluster_name or end.cluster_id
    series = ("library", end.workspace_id, end.cluster_id or end.cluster_name, name)
    moment = stamp(end.at) if end.at else ""
    failure = Failure(
        source=_SLUG,
        resource_type=ResourceType.LIBRARY,
        name=clean(" - ".join(part for part in (where, name) if part), MAX_NAME),
        dedup_key=_key("library", end, f"{end.cluster_id}_{name}_{moment}", moment, (*series, message)),
        run_id=end.cluster_id,
        run_scope=end.workspace_id,
        family_key=keys.family(_SLUG, *series),
        error_message=message or f'Library "{name}" could not be installed on cluster "{where}".',
        error_code=fields.scalar("errorcode", limit=MAX_CODE) or library.scalar("errorcode", limit=MAX_CODE),
        fired_at=end.at,
        has_firing=bool(moment),
        metadata={**end.metadata(), **compact(event_type=event, library=name)},
    )
    return Failures("library-failed", (failure,))


def _key(kind: str, end: ClusterEnd, composite: str, moment: str, series: tuple[str, ...]) -> str:
    """Readable where the event tells its time, else a fingerprint of what there is."""
    if moment:
        return keys.capped(f"{_SLUG}:{kind}:{end.workspace_id}:{composite}")
    return keys.fingerprint(_SLUG, *series)


def _tells_failure(event: str, end: ClusterEnd) -> bool:
    word = event.replace("_", "").replace(".", "")
    if end.code or end.state.upper() == "ERROR":
        return True
    return any(part in word for part in _FAILING_WORDS) and not end.is_alive


def _read_cluster(fields: Fields) -> ClusterEnd:
    cluster = Fields.of(fields.object("cluster"), *fields.layers)
    details = Fields.of(cluster.object("details"))
    reason = Fields.of(cluster.object("terminationreason"), details.object("reason"))
    return ClusterEnd(
        cluster_id=cluster.identifier("clusterid"),
        cluster_name=cluster.scalar("clustername"),
        code=reason.scalar("code", limit=MAX_CODE) or cluster.scalar("terminationcode", limit=MAX_CODE),
        type=reason.scalar("type") or cluster.scalar("terminationtype"),
        state=cluster.scalar("state", "clusterstate"),
        message=cluster.text("statemessage", "errormessage", "cause", "message"),
        parameters=any_text(reason.object("parameters") or None, 2000),
        workspace_id=cluster.identifier("workspaceid"),
        at=parse_time(cluster.raw("timestamp")) or parse_time(cluster.raw("terminatedtime")),
    )


def _library_name(raw: object, library: Fields) -> str:
    """PyPI package, Maven coordinates, CRAN package, or the path of a jar, egg or wheel."""
    for kind, name in (("pypi", "package"), ("maven", "coordinates"), ("cran", "package")):
        if found := Fields.of(library.object(kind)).scalar(name):
            return found
    return library.scalar("jar", "whl", "egg", "requirements", "name") or scalar_text(raw)
