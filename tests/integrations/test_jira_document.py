"""What Jira is told: by the format's rules for any text, within its limits, and worth reading."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it ships no types
import pytest
from hypothesis import given, settings

from integrations.jira import adf, document
from integrations.notice import EvidenceLine, TicketNotice
from tests.support.adf_validator import problems, texts
from tests.support.notices import any_notice, bare_notice, closed_notice, full_notice

LONG = full_notice(
    pipeline="p" * 5_000,
    error_message='\\"' * 40_000,
    root_cause="ü\n" * 40_000,
    evidence=tuple(EvidenceLine(n, "e" * 9_000) for n in range(1, 40)),
    recommendations=("r" * 9_000,) * 40,
    related="x" * 9_000,
)
NOTICES = {"full": full_notice(), "bare": bare_notice(), "closed": closed_notice(), "long": LONG}


def every_document(notice: TicketNotice) -> list[dict[str, Any]]:
    return [
        document.description(notice),
        document.analysis_comment(notice),
        document.plain_comment(notice.error_message),
    ]


@pytest.mark.parametrize("name", NOTICES)
def test_document_keeps_the_formats_rules(name: str) -> None:
    for built in every_document(NOTICES[name]):
        assert problems(built) == []


@settings(max_examples=120)
@given(notice=any_notice())
def test_document_of_any_text_keeps_rules_and_limits(notice: TicketNotice) -> None:
    for built in every_document(notice):
        assert problems(built) == []
        assert len(json.dumps(built, ensure_ascii=False)) <= 32_767
    summary = document.summary(notice)
    assert len(summary) <= 255
    assert summary == " ".join(summary.split())


@pytest.mark.skipif(not os.environ.get("ADF_SCHEMA_PATH"), reason="ADF_SCHEMA_PATH names no official schema")
@pytest.mark.parametrize("name", NOTICES)
def test_document_satisfies_the_official_schema(name: str) -> None:
    schema = json.loads(Path(os.environ["ADF_SCHEMA_PATH"]).read_text(encoding="utf-8"))
    validator = jsonschema.validators.validator_for(schema)(schema)
    for built in every_document(NOTICES[name]):
        assert [error.message[:200] for error in validator.iter_errors(built)] == []
    with pytest.raises(jsonschema.ValidationError):  # the schema at hand does refuse what Jira refuses
        validator.validate(adf.document([{"type": "paragraph", "content": [{"type": "text", "text": ""}]}]))


def test_description_says_all_that_a_person_needs() -> None:
    built = document.description(full_notice())
    said = "\n".join(texts(built))
    for fact in (
        "High · P2 · OrdersNightly failed: UserErrorSourceBlobNotExist",
        "to be acknowledged by 2025-11-29 15:00 UTC",
        "The upstream export had not written orders.csv when the copy began.",
        "Confidence high, suggested by rules",
        "[4]",
        "Rerun from the failed activity",
        "The required blob is missing: raw/orders.csv",
        "ADF-20251129T143022-a3f2c1",
        "IT-12345",
    ):
        assert fact in said
    links = [mark["attrs"]["href"] for mark in _marks(built) if mark["type"] == "link"]
    assert links[0].startswith("https://aiops.example.test/dashboard?ticket=")
    assert built["content"][0]["attrs"] == {"panelType": "warning"}


def test_parts_of_a_paragraph_are_kept_apart() -> None:
    built = document.description(full_notice())
    lines = ["".join(texts(node)) for node in built["content"]]
    assert "Open in the dashboard · Open the failed run" in lines
    evidence = next(node for node in built["content"] if node["type"] == "bulletList")
    assert "".join(texts(evidence["content"][1])) == "[4] Last success 23 h ago (source)"
    comment = document.analysis_comment(full_notice())
    assert "".join(texts(comment["content"][0])) == "A new analysis of ADF-20251129T143022-a3f2c1"


def test_description_without_an_analysis_says_so() -> None:
    assert "Not analysed yet." in texts(document.description(bare_notice()))


def test_lists_beyond_ten_items_say_how_many_more() -> None:
    notice = full_notice(recommendations=tuple(f"step {n}" for n in range(13)))
    said = texts(document.description(notice))
    assert "step 9" in said
    assert "step 10" not in said
    assert "and 3 more in the dashboard" in said


def test_address_that_is_no_web_address_becomes_no_link() -> None:
    built = document.description(full_notice(dashboard_url="javascript:alert(1)", run_url="not a url"))
    assert [mark["attrs"]["href"] for mark in _marks(built) if mark["type"] == "link"] == [
        "https://adf.example.test/run/1"
    ]


def test_fields_carry_project_type_priority_and_three_labels() -> None:
    fields = document.issue_fields(full_notice(), project_key="OPS", issue_type="Bug")
    assert fields["project"] == {"key": "OPS"}
    assert fields["issuetype"] == {"name": "Bug"}
    assert fields["priority"] == {"name": "High"}
    assert fields["labels"] == ["aiops", "auto-generated", "aiops-ADF-20251129T143022-a3f2c1"]
    assert fields["summary"] == "AIOps Alert: OrdersNightly failed - UserErrorSourceBlobNotExist"


@pytest.mark.parametrize(
    ("ours", "theirs"), [("P1", "Highest"), ("P2", "High"), ("P3", "Medium"), ("P4", "Low")]
)
def test_priority_is_mapped(ours: str, theirs: str) -> None:
    fields = document.issue_fields(full_notice(priority=ours), project_key="OPS", issue_type="Bug")
    assert fields["priority"] == {"name": theirs}


def test_unknown_priority_is_left_to_jira() -> None:
    assert "priority" not in document.issue_fields(
        full_notice(priority=""), project_key="OPS", issue_type="Bug"
    )


def test_summary_of_hostile_names_is_one_short_line() -> None:
    summary = document.summary(full_notice(pipeline="a\n\tb" + "c" * 400, error_type="E" * 400))
    assert len(summary) == 255
    assert summary.startswith("AIOps Alert: a bc")
    assert " failed - E" in summary


def _marks(node: dict[str, Any]) -> list[dict[str, Any]]:
    found = list(node.get("marks", []))
    for child in node.get("content", []):
        found += _marks(child)
    return found
