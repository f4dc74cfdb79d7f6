"""Results as Markdown for people and as JSON for `make bench-check`, in `bench/reports/`."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.results import Result

FOLDER = Path(__file__).parent / "reports"
LATEST = FOLDER / "latest.json"


def machine() -> str:
    return f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}, {platform.system()}"


def write(results: Sequence[Result], rounds: int) -> str:
    """Write both reports and return the Markdown one."""
    FOLDER.mkdir(exist_ok=True)
    document: dict[str, Any] = {
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "rounds": rounds,
        "parts": [result.as_json() for result in results],
    }
    LATEST.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    text = _markdown(results, document)
    (FOLDER / "latest.md").write_text(text)
    return text


def _markdown(results: Sequence[Result], document: dict[str, Any]) -> str:
    lines = [
        "# Benchmarks",
        "",
        f"{document['made_at']}, {document['machine']}; medians of {document['rounds']} interleaved rounds. "
        "Trust the ratios: absolute figures move with the machine's other work.",
    ]
    for result in results:
        columns = list(dict.fromkeys(name for row in result.rows.values() for name in row))
        lines += [
            "",
            f"## {result.title}",
            "",
            f"| | {' | '.join(columns)} |",
            "|---" * (len(columns) + 1) + "|",
        ]
        for name, row in result.rows.items():
            cells = [f"{row[column]:.4g}" if column in row else "" for column in columns]
            lines.append(f"| {name} | {' | '.join(cells)} |")
        lines += ["", "| aim | bound | measured | |", "|---|---|---|---|"]
        lines += [
            f"| {aim.what} | {aim.bound} | {aim.measured:.3g} | {'met' if aim.is_met else 'MISSED'} |"
            for aim in result.aims
        ]
        lines += ["", *result.notes]
    return "\n".join(lines) + "\n"
