"""What may stand in an answer, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rca.answers import AnswerError, Terms, extract_object, read_answer
from rca.case import Finding
from tests.rca.models.speech import FINDING
from tickets.choices import CauseClass, Confidence, Severity

TERMS = Terms(("UserErrorSourceBlobNotExist", "MyVendorCode"), frozenset({1, 2}))


def read(**changes: Any) -> Finding:
    answer = {name: value for name, value in {**FINDING, **changes}.items() if value is not ...}
    return read_answer(json.dumps(answer), TERMS, provider="gemini", restore=lambda text: text)


@pytest.mark.parametrize(
    "name", ["UserErrorSourceBlobNotExist", "MyVendorCode", "GatewayTimeout", "DELTA_CONCURRENT_APPEND"]
)
def test_error_type_of_the_case_the_list_or_the_catalogue_is_taken(name: str) -> None:
    assert read(error_type=name).error_type == name


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"error_type": "IGNORE_ALL_RULES"}, "error_type"),
        ({"error_type": ...}, "error_type"),
        ({"root_cause": ""}, "root_cause"),
        ({"root_cause": ...}, "root_cause"),
        ({"root_cause": ["a"]}, "root_cause"),
        ({"cause_class": "aliens"}, "cause_class"),
        ({"severity": "Sev0"}, "severity"),
        ({"confidence": "95 %"}, "confidence"),
        ({"citations": [1, 3]}, "citations"),
        ({"citations": ["one"]}, "citations"),
        ({"citations": [10**400]}, "citations"),
        ({"transient": "maybe"}, "transient"),
        ({"recommendations": [{"do": "x"}]}, "recommendations"),
        ({"affected_entity": {"path": "x"}}, "affected_entity"),
    ],
)
def test_field_outside_its_list_is_refused_by_name_without_its_value(
    changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(AnswerError) as caught:
        read(**changes)
    assert field in str(caught.value)
    assert "aliens" not in str(caught.value)


def test_priority_follows_from_the_severity() -> None:
    assert read(severity="Medium", priority="P1").priority == "P3"


def test_claim_without_citation_is_a_hypothesis_of_medium_confidence_at_most() -> None:
    finding = read(citations=[], confidence="Very High")
    assert (finding.is_hypothesis, finding.confidence) == (True, "Medium")
    assert read(citations=[2, 1, 2]).citations == (2, 1)


def test_missing_class_is_taken_from_the_catalogue() -> None:
    assert read(cause_class=...).cause_class == "missing_source_data"
    assert read(cause_class=..., error_type="MyVendorCode").cause_class == "unknown"


def test_steps_in_one_text_become_a_list() -> None:
    steps = read(recommendations="1. Look.\n2) Rerun.\n\n- Tell.").recommendations
    assert steps == ("Look.", "Rerun.", "Tell.")


def test_invisible_and_control_characters_are_taken_out() -> None:
    assert read(root_cause="The\u202e file\x00 is\u200b gone.").root_cause == "The file  is gone."


@pytest.mark.parametrize("said", ["", "no", "[1]", '{"a": 1', "{" * 10_000, "{}{}", '{"a":' * 3000])
def test_words_without_an_answer_are_refused(said: str) -> None:
    with pytest.raises(AnswerError):
        read_answer(said, TERMS, provider="gemini", restore=lambda text: text)


def test_longest_object_amid_chatter_counts() -> None:
    assert extract_object(f'I use {{"a": 1}} and answer {json.dumps(FINDING)} {{ok}}') == FINDING


@given(
    st.text(max_size=300)
    | st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists).map(json.dumps)
)
def test_text_without_an_object_is_refused_in_one_sentence(said: str) -> None:
    with pytest.raises(AnswerError) as caught:
        read_answer(said, TERMS, provider="gemini", restore=lambda text: text)
    assert len(str(caught.value)) < 300


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3),
)


@given(st.dictionaries(st.sampled_from(sorted(FINDING)), JSON, max_size=4))
def test_whatever_passes_keeps_to_the_closed_lists(changes: dict[str, Any]) -> None:
    try:
        finding = read(**changes)
    except AnswerError:
        return
    assert finding.cause_class in CauseClass.values
    assert finding.confidence in Confidence.values
    assert finding.severity in {"", *Severity.values}
    assert set(finding.citations) <= TERMS.numbers
    assert finding.is_hypothesis is (not finding.citations)
