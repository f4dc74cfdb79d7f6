"""Taking off what relays put around a body: `{"body": {…}}`, the body as a JSON string, a second `data`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ingestion.sources.base import Failures, Json, ParseResult
from ingestion.sources.fields import Fields, as_decoded_object, as_object, fold_keys

_MAX_WRAPPERS = 4
_OWN_CONTENT = frozenset({"schemaid", "data", "essentials", "alertcontext", "event", "eventtype"})
_RUN_ID_NAMES = ("logicapprunid", "workflowrunid", "xmsworkflowrunid")


def through_wrapper(body: Json, parse: Callable[[Json], ParseResult]) -> ParseResult:
    """What `parse` makes of the innermost body; failures carry the Logic App's run id where it is told."""
    inner, logic_app_run = unwrap(body)
    result = parse(inner)
    if isinstance(result, Failures) and logic_app_run:
        items = tuple(replace(item, logic_app_run_id=logic_app_run) for item in result.items)
        return replace(result, items=items)
    return result


def unwrap(body: Json) -> tuple[Json, str]:
    """The innermost body, and the Logic App's run id where the wrapper tells it ("" otherwise).

    An object with a `body` of its own is a wrapper unless it also carries alert content itself.
    """
    logic_app_run = ""
    for _ in range(_MAX_WRAPPERS):
        folded = fold_keys(body) if len(body) <= 40 else {}
        logic_app_run = logic_app_run or _logic_app_run(folded)
        inner = as_decoded_object(folded.get("body"))
        if not inner or not _OWN_CONTENT.isdisjoint(folded):
            break
        body = inner
    return body, logic_app_run


def _logic_app_run(folded: Json) -> str:
    headers = {name.replace("-", ""): value for name, value in fold_keys(folded.get("headers")).items()}
    return Fields((folded, headers)).identifier(*_RUN_ID_NAMES, limit=200)


def alert_data(body: Json) -> Json:
    """The `data` object of an alert; the portal's availability test is known to nest it twice."""
    data: Any = body.get("data")
    inner = as_object(data).get("data")
    if isinstance(inner, dict) and not {"essentials", "alertContext", "context"} & as_object(data).keys():
        return inner
    return as_object(data)
