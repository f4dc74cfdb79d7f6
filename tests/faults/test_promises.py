"""The list of promises names tests that exist, each once."""

from __future__ import annotations

import ast
from collections import Counter

import pytest

from tests.faults.promises import PROMISES, QUICK
from tests.faults.protections import PROTECTIONS, Protection
from tests.support.live_server import ROOT

NAMED = [test for promise in PROMISES for test in promise.tests]


@pytest.mark.parametrize("name", NAMED)
def test_test_that_a_promise_names_exists(name: str) -> None:
    file, _, function = name.partition("::")
    tree = ast.parse((ROOT / "tests" / file).read_text())
    found = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert function in found if function else any(each.startswith("test_") for each in found)


def test_each_test_stands_for_one_promise() -> None:
    assert [name for name, count in Counter(NAMED).items() if count > 1] == []


def test_quick_ones_are_tests_of_promises() -> None:
    assert set(QUICK) <= set(NAMED)


def test_document_speaks_of_every_promise() -> None:
    said = (ROOT / "docs/reliability.md").read_text()
    assert [promise.text for promise in PROMISES if promise.text not in said] == []


@pytest.mark.parametrize(
    "protection", PROTECTIONS, ids=lambda each: f"{each.file}: {each.test.partition('::')[2]}"
)
def test_protection_can_be_taken_out_at_one_place(protection: Protection) -> None:
    """A table that the source has left behind would prove nothing."""
    source = (ROOT / protection.file).read_text()
    assert source.count(protection.old) == 1
    assert protection.old != protection.new
    assert protection.test in NAMED


def test_every_promise_has_a_test_that_fails_without_a_protection() -> None:
    missed = {protection.test for protection in PROTECTIONS}
    assert [promise.text for promise in PROMISES if missed.isdisjoint(promise.tests)] == []
