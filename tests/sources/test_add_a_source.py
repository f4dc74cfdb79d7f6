"""The walk through adding a source is true: its code runs, and its payloads come out as it says."""

from __future__ import annotations

import json
import re
import types
from pathlib import Path
from typing import Any

import pytest

from ingestion.sources.base import Failures, Ignored, Json, SourceSpec, Unsupported
from tests.sources.soundness import assert_sound
from tests.sources.test_contract import assert_failures, assert_ignored
from tests.sources.test_mutants import KINDS, places
from tickets import choices

PAGE = Path(__file__).resolve().parents[2] / "docs" / "add-a-source.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> SourceSpec:
    monkeypatch.setattr(choices, "_ADDED_SOURCES", {})
    module = types.ModuleType("power_bi")
    (code,) = blocks("python")
    exec(compile(code, "power_bi.py", "exec"), module.__dict__)  # noqa: S102 - the page's own code
    spec = module.SOURCE
    assert isinstance(spec, SourceSpec)
    choices.add_source(spec.slug, spec.label)
    return spec


def documents() -> list[Json]:
    return [json.loads(block) for block in blocks("json")]


def test_failure_of_the_page_is_parsed_as_the_page_says(source: SourceSpec) -> None:
    failed, expected, *_ = documents()
    assert_failures(source.parse(failed), expected)


@pytest.mark.parametrize("first", [2, 4], ids=["completed", "other"])
def test_other_events_of_the_page_are_ignored_as_it_says(source: SourceSpec, first: int) -> None:
    body, expected = documents()[first : first + 2]
    assert_ignored(source.parse(body), expected)


def test_events_of_the_page_are_those_it_declares(source: SourceSpec) -> None:
    results = [source.parse(documents()[place]) for place in (0, 2, 4)]
    assert all(isinstance(result, (Failures, Ignored)) for result in results)
    assert {result.event for result in results if not isinstance(result, Unsupported)} == set(source.events)


def test_code_of_the_page_stands_wrong_types_everywhere(source: SourceSpec) -> None:
    for path in places(documents()[0]):
        for kind in KINDS:
            body: Any = documents()[0]
            holder = body
            for name in path[:-1]:
                holder = holder[name]
            holder[path[-1]] = kind
            assert_sound(source.parse(body))


def test_samples_of_the_page_are_the_events_it_names(source: SourceSpec) -> None:
    told = [source.parse(sample) for sample in documents()[6:]]
    assert [result.event for result in told if isinstance(result, (Failures, Ignored))] == [
        "refresh-failed", "refresh-completed", "refresh-other",
    ]  # fmt: skip
