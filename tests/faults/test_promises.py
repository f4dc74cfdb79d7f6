"""The list of promises names tests that exist, each once."""

from __future__ import annotations

import ast
from collections import Counter

import pytest

from tests.faults.promises import PROMISES
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


def test_document_speaks_of_every_promise() -> None:
    said = (ROOT / "docs/reliability.md").read_text()
    assert [promise.text for promise in PROMISES if promise.text not in said] == []
