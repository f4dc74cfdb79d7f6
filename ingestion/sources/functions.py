"""Azure Functions and Application Insights, at `/azure-functions-monitor`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from audit import actions
from ingestion.sources import keys
from ingestion.sources.alerts import Alert, severity_of
from ingestion.sources.azure_monitor import read_alert
from ingestion.sources.base import (
    Failure,
    Failures,
    Ignored,
    Json,
    ParseResult,
    SourceSpec,
    Success,
    Unsupported,
)
from ingestion.sources.custom_json import custom_alert
from ingestion.sources.envelope import through_wrapper
from ingestion.sources.error_text import ErrorFacts, read_error
from ingestion.sources.fields import MAX_TEXT, Fields, body_as_message, compact, key_list
from ingestion.sources.pipeline_failures import merged
from ingestion.sources.runs import essentials_description, simple_fields
from ingestion.sources.times import parse_time
from ingestion.sources.verdict import why_ignored
from tickets.choices import ResourceType, Source

_SLUG = Source.AZURE_FUNCTIONS.value
_LABEL = "Azure Functions"
_SUCCEEDED = frozenset({"succeeded", "success", "successful", "completed", "true"})
_ID_NAMES = ("invocationid", "functioninvocationid", "propinvocationid")
_ROW_NAMES = ("operationname", "cloudrolename")
_STARTED = frozenset({"started", "running", "inprogress"})


@dataclass(frozen=True, slots=True)
class Invocation:
    """One invocation as a row, a dimension set or a simple form tells it; each part "" where it does not."""

    function: str
    invocation_id: str
    message: str
    error: ErrorFacts
    status: str
    operation_id: str
    app: str
    fields: Fields


def parse(body: Json) -> ParseResult:
    """A body posted to `/azure-functions-monitor`. Never raises."""
    return through_wrapper(body, _parse)


def _parse(body: Json) -> ParseResult:
    alert = read_alert(body)
    return _parse_alert(alert, body) if alert and alert.has_identity else _parse_simple(body)


def _parse_alert(alert: Alert, body: Json) -> ParseResult:
    found = [_read(Fields((row,)), *_ROW_NAMES) for row in alert.rows]
    found += [_read(condition.fields(), *_ROW_NAMES) for condition in alert.conditions]
    named = [item for item in found if item.invocation_id]
    properties = _read(alert.fields) if not named else named[0]
    if not named and properties.invocation_id:
        named = [properties]
    dedup_keys = tuple(dict.fromkeys(keys.invocation_key(item.invocation_id) for item in named))
    if ignored := why_ignored(alert, _SLUG, dedup_keys):
        return ignored
    failed = [item for item in named if item.status not in _SUCCEEDED | _STARTED]
    if named and not failed:
        return _not_failed(named[0], alert.event, dedup_keys)
    items = merged(_failure(item, alert, body) for item in failed)
    if not items:
        best = next((item for item in found if item.function), properties)
        items = (_alert_failure(best, alert, body),)
    return Failures(alert.event, items, alert_rule=alert.rule)


def _parse_simple(body: Json) -> ParseResult:
    item = _read(simple_fields(body))
    if not (item.function or item.invocation_id):
        return custom_alert(body, _SLUG) or Unsupported(
            "Neither an Azure Monitor alert (schemaId, data.essentials) nor a function or invocation"
            f" (FunctionName, InvocationId) was found; the body's keys are: {key_list(body)}."
        )
    dedup_keys = (keys.invocation_key(item.invocation_id),) if item.invocation_id else ()
    if item.status in _SUCCEEDED | _STARTED:
        return _not_failed(item, "", dedup_keys)
    return Failures("simple-failed", (_failure(item, None, body),))


def _not_failed(item: Invocation, event: str, dedup_keys: tuple[str, ...]) -> Ignored:
    what = f'The invocation of "{item.function or item.invocation_id}"'
    if item.status in _SUCCEEDED:
        return Ignored(
            f"{what} succeeded.",
            event or "simple-succeeded",
            actions.RUN_SUCCEEDED,
            dedup_keys,
            succeeded=Success(_SLUG, item.function),
            run_id=item.invocation_id,
        )
    return Ignored(
        f"{what} has only started.",
        event or "simple-started",
        actions.RUN_STARTED,
        dedup_keys,
        run_id=item.invocation_id,
    )


def _read(fields: Fields, *more_function_names: str) -> Invocation:
    """FunctionAppLogs says FunctionInvocationId; Application Insights keeps the id in customDimensions."""
    custom = Fields.of(fields.object("customdimensions", "propertiesbag"))
    both = Fields((*fields.layers, *custom.layers))
    error = read_error(both)
    code = both.scalar("exceptiontype", "outertype", "problemid", limit=200) or error.code
    return Invocation(
        function=both.scalar("functionname", "propfunctionname", "function", *more_function_names),
        invocation_id=keys.canonical_id(both.identifier(*_ID_NAMES, limit=MAX_TEXT)),
        message=both.text("exceptionmessage", "exceptiondetails", "outermessage", "innermostmessage")
        or error.message,
        error=replace(error, code=code),
        status=both.scalar("status", "invocationstatus", "success").lower(),
        operation_id=both.identifier("operationid"),
        app=both.scalar("functionappname", "appname", "cloudrolename", "approlename"),
        fields=both,
    )


def _failure(item: Invocation, alert: Alert | None, body: Json) -> Failure:
    at = parse_time(item.fields.raw("timegenerated", "timestamp", "fireddatetime", "time"))
    told = alert.message() if alert else essentials_description(body)
    message = item.message or told or body_as_message(body)
    failure = Failure(
        source=_SLUG,
        resource_type=ResourceType.FUNCTION,
        name=item.function or (alert.rule if alert else "") or _LABEL,
        dedup_key=keys.invocation_key(item.invocation_id),
        run_id=item.invocation_id,
        error_message=message,
        error_code=item.error.code,
        severity=(alert.severity if alert else "") or severity_of(item.fields.scalar("severity")),
        fired_at=(alert.fired_at if alert else None) or at,
        metadata={**(alert.metadata() if alert else {}), **_metadata(item)},
    )
    if item.invocation_id:
        return failure
    moment = at.isoformat() if at else ""
    return replace(
        failure,
        dedup_key=keys.fingerprint(_SLUG, item.function, item.error.code, message, moment),
        family_key=keys.family(_SLUG, item.function, item.error.code),
        has_firing=bool(moment),
    )


def _alert_failure(item: Invocation, alert: Alert, body: Json) -> Failure:
    return replace(
        _failure(item, alert, body),
        resource_type=ResourceType.FUNCTION if item.function else ResourceType.OTHER,
        dedup_key=alert.dedup_key(_SLUG),
        family_key=alert.family_key(_SLUG),
        has_firing=bool(alert.firing),
    )


def _metadata(item: Invocation) -> dict[str, str]:
    return dict(
        compact(
            exception_type=item.error.code,
            failure_type=item.error.failure_type,
            operation_id=item.operation_id,
            function_app=item.app,
        )
    )


SOURCE = SourceSpec(
    slug=_SLUG,
    label=_LABEL,
    path="/azure-functions-monitor",
    key_prefix="FUNC-",
    parse=parse,
    events=(
        "common-log-v1-fired",
        "common-log-v2-fired",
        "common-metric-fired",
        "common-metric-resolved",
        "common-smart-detector-fired",
        "plain-log-v1-fired",
        "simple-failed",
        "simple-started",
        "simple-succeeded",
    ),
)
