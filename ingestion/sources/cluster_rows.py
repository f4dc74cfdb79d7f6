"""A row about a cluster: projected columns (ClusterId, TerminationCode, …) or raw `DatabricksClusters`.

In the raw table only the action `deleteResult` tells why a cluster ended, inside the JSON string
RequestParams; `delete` is a request; a failed `create` or `start` shows in the JSON string Response.
"""

from __future__ import annotations

from datetime import datetime

from ingestion.sources.cluster_facts import ClusterEnd
from ingestion.sources.error_text import MAX_CODE
from ingestion.sources.fields import Fields, any_text, clean
from ingestion.sources.times import parse_time

NOT_A_CLUSTER = ClusterEnd("")
_UNEVENTFUL = ClusterEnd("", code="SUCCESS")


def read_cluster_row(fields: Fields) -> ClusterEnd:
    """The cluster's end in a row; `NOT_A_CLUSTER` when the row is about something else."""
    action = fields.scalar("actionname")
    if action and fields.raw("requestparams") is not None:
        return _raw_row(action, fields)
    cluster_id = fields.identifier("clusterid")
    name = fields.scalar("clustername")
    code = fields.scalar("terminationcode", "terminationreasoncode", limit=MAX_CODE)
    if not (cluster_id or (name and code)):
        return NOT_A_CLUSTER
    return ClusterEnd(
        cluster_id=cluster_id,
        cluster_name=name,
        code=code,
        type=fields.scalar("terminationtype"),
        state=fields.scalar("state", "clusterstate"),
        message=fields.text("statemessage", "errormessage", "message"),
        parameters=any_text(fields.raw("terminationparameters", "parameters"), 2000),
        workspace_id=fields.identifier("workspaceid", "databricksworkspaceid"),
        at=_event_time(fields),
    )


def _event_time(fields: Fields) -> datetime | None:
    """LastEvent where it is a time (some queries put the event's name there), else TimeGenerated."""
    return next(
        (
            moment
            for name in ("lastevent", "timegenerated", "eventtime", "timestamp")
            if (moment := parse_time(fields.raw(name)))
        ),
        None,
    )


def _raw_row(action: str, fields: Fields) -> ClusterEnd:
    request = Fields.of(fields.object("requestparams"))
    response = Fields.of(fields.object("response"))
    code = request.scalar("clusterterminationreasoncode", limit=MAX_CODE)
    status = response.scalar("statuscode")
    message = response.text("errormessage")
    has_failed = bool(message) or status[:1] in ("4", "5")
    if not code and not has_failed:
        return _UNEVENTFUL
    return ClusterEnd(
        cluster_id=request.identifier("clusterid") or fields.identifier("clusterid"),
        cluster_name=request.scalar("clustername"),
        code=code or clean(f"{action}_{status}".rstrip("_"), MAX_CODE),
        type=request.scalar("clusterterminationreasontype"),
        state=request.scalar("clusterstate"),
        message=message,
        workspace_id=fields.identifier("databricksworkspaceid"),
        at=_event_time(fields),
    )
