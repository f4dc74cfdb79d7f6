"""Each declared event has a payload and an expectation; a new source adds its cases by declaring events."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from ingestion.sources import registry
from ingestion.sources.base import Failure, Failures, Ignored, ParseResult, Unsupported
from tests.sources.payloads import FOLDER, Recorded, declared

EVENTS = declared()
OUTCOMES = {Failures: "failures", Ignored: "ignored", Unsupported: "unsupported"}


def asserted(failure: Failure, name: str) -> Any:
    """The named field of a failure; `metadata.x` and `query_x` reach inside, times are ISO text."""
    if name == "has_query":
        return failure.query is not None
    if name.startswith("metadata."):
        return failure.metadata.get(name.removeprefix("metadata."))
    value = (
        getattr(failure.query, name.removeprefix("query_"))
        if name.startswith("query_")
        else getattr(failure, name)
    )
    if isinstance(value, datetime):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def assert_failures(result: ParseResult, expected: dict[str, Any]) -> None:
    assert isinstance(result, Failures)
    assert len(result.items) == len(expected["items"])
    for failure, fields in zip(result.items, expected["items"], strict=True):
        assert {name: asserted(failure, name) for name in fields} == fields
    for name in ("alert_rule", "total"):
        if name in expected:
            assert getattr(result, name) == expected[name]


def assert_ignored(result: ParseResult, expected: dict[str, Any]) -> None:
    assert isinstance(result, Ignored)
    assert result.reason.endswith(".")
    assert result.audit_action == expected["audit_action"]
    assert len(result.dedup_keys) == expected.get("dedup_keys", 0)
    if "first_dedup_key" in expected:
        assert result.dedup_keys[0] == expected["first_dedup_key"]


@pytest.mark.parametrize("recorded", EVENTS, ids=str)
def test_declared_event_is_parsed_as_expected(recorded: Recorded) -> None:
    result = recorded.spec.parse(recorded.body)
    expected = recorded.expected
    assert OUTCOMES[type(result)] == expected["outcome"]
    assert not isinstance(result, Unsupported)
    assert result.event == recorded.event
    {"failures": assert_failures, "ignored": assert_ignored}[expected["outcome"]](result, expected)


@pytest.mark.parametrize("slug", sorted(registry()))
def test_recorded_payload_without_declaration_is_found(slug: str) -> None:
    recorded = {path.stem for path in (FOLDER / slug).glob("*.json") if ".expected" not in path.name}
    assert recorded == set(registry()[slug].events)


def test_registry_has_the_five_sources_of_the_contract() -> None:
    table = {spec.slug: (spec.path, spec.key_prefix) for spec in registry().values()}
    assert (
        table.items()
        >= {
            "adf": ("/azure-monitor", "ADF-"),
            "databricks_clusters": ("/azure-monitor-alert", "DBX-ALERT-"),
            "databricks": ("/databricks-monitor", "DBX-"),
            "azure_functions": ("/azure-functions-monitor", "FUNC-"),
            "synapse": ("/synapse-monitor", "SYN-"),
        }.items()
    )


PAIRS = [
    (recorded, Recorded(recorded.spec, twin))
    for recorded in EVENTS
    if recorded.event.endswith("-resolved")
    and (twin := recorded.event.replace("resolved", "fired")) in recorded.spec.events
    and str(recorded)
    != "databricks_clusters/common-log-v1-resolved"  # its rows are gone, so nothing names them
]


@pytest.mark.parametrize(("resolved", "fired"), PAIRS, ids=str)
def test_resolved_payload_names_the_key_of_its_fired_twin(resolved: Recorded, fired: Recorded) -> None:
    answer, opened = resolved.spec.parse(resolved.body), fired.spec.parse(fired.body)
    assert isinstance(answer, Ignored)
    assert isinstance(opened, Failures)
    assert {item.dedup_key for item in opened.items} & set(answer.dedup_keys)
