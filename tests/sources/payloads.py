"""The recorded payloads of the sources and what is expected of them, for the tests in this folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingestion.sources import registry
from ingestion.sources.base import SourceSpec

FOLDER = Path(__file__).resolve().parent.parent / "payloads"


@dataclass(frozen=True)
class Recorded:
    """One declared event of one source: its payload and the expectation."""

    spec: SourceSpec
    event: str

    @property
    def path(self) -> Path:
        return FOLDER / self.spec.slug / f"{self.event}.json"

    @property
    def body(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.path.read_text())
        return loaded

    @property
    def expected(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.path.with_suffix(".expected.json").read_text())
        return loaded

    def __str__(self) -> str:
        return f"{self.spec.slug}/{self.event}"


def declared() -> list[Recorded]:
    """Every declared event of every registered source."""
    return [Recorded(spec, event) for spec in registry().values() for event in spec.events]
