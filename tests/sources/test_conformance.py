"""Bodies that vendors print themselves, where a folder of them is at hand (`AIOPS_CONFORMANCE=<folder>`).

Such files are other people's material and stay outside of the project. Each is put through its parser, the
table of outcomes is printed for reading, and what holds for every vendor's body is asserted.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from ingestion.sources import registry
from ingestion.sources.base import Failures, Ignored, ParseResult, Unsupported
from tests.sources.soundness import assert_sound

FOLDER = os.environ.get("AIOPS_CONFORMANCE", "")
AZURE_SOURCES = ("adf", "databricks_clusters", "azure_functions", "synapse")
NOT_ALERTS = {"jira", "slack", "rest-samples"}


def cases() -> list[tuple[Path, str]]:
    """Each file with the sources that may receive it; none when no folder is named."""
    if not FOLDER:
        return []
    files = sorted(path for path in Path(FOLDER).rglob("*.json") if not NOT_ALERTS & set(path.parts))
    return [
        (path, slug)
        for path in files
        for slug in (("databricks",) if "databricks" in path.parts else AZURE_SOURCES)
    ]


def describe(result: ParseResult) -> str:
    if isinstance(result, Failures):
        first = result.items[0]
        asks = ", asks for the runs" if first.query else ""
        severity = first.severity or "not given"
        what = f"{len(result.items)} x {first.resource_type} {first.name!r}, severity {severity}"
        return f"{result.event}: {what}{asks}: {first.error_message[:60]!r}"
    return f"{getattr(result, 'event', '')}: {result.reason}".removeprefix(": ")


@pytest.mark.skipif(not FOLDER, reason="AIOPS_CONFORMANCE names no folder of payloads")
def test_vendors_bodies_have_an_outcome_each(capsys: pytest.CaptureFixture[str]) -> None:
    found = cases()
    assert found, f"no payloads in {FOLDER}"
    with capsys.disabled():
        for path, slug in found:
            body: dict[str, Any] = json.loads(path.read_text(encoding="utf-8-sig"))
            result = registry()[slug].parse(body)
            sys.stdout.write(
                f"\n{path.relative_to(FOLDER)!s:72} {slug:20} {type(result).__name__:12} {describe(result)}"
            )
            assert_sound(result)
            assert_understood(body, result)


def assert_understood(body: dict[str, Any], result: ParseResult) -> None:
    """A resolved alert opens nothing; what names its schema is understood."""
    essentials = (body.get("data") or {}).get("essentials") or {} if "data" in body else {}
    if essentials.get("monitorCondition") == "Resolved":
        assert isinstance(result, Ignored)
    if "schemaId" in body or "event_type" in body:
        assert not isinstance(result, Unsupported)
