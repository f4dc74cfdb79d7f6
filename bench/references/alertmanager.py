"""Prometheus' Alertmanager: keeps its alerts in memory only, so what it answered is lost with the process.

A reference for what HTTP itself costs, not for keeping a record. Nothing is notified, and nobody peers with it.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from bench.alerts import FACTORY, essentials, properties
from bench.servers import Program, inherited_environment

PATH = "/api/v2/alerts"
ACCEPTED = 200
CONFIGURATION = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"


def program() -> str:
    """Its path; empty where it is not installed. Debian gives it a longer name."""
    return shutil.which("prometheus-alertmanager") or shutil.which("alertmanager") or ""


def is_installed() -> bool:
    return bool(program())


def alert(run_id: str) -> bytes:
    """Labels say which alert it is, annotations what happened."""
    told = properties(run_id)
    labels = {
        "alertname": str(essentials(run_id)["alertRule"]),
        "severity": "major",
        "factory": FACTORY,
        "pipeline": told["PipelineName"],
        "run_id": run_id,
        "error_code": told["ErrorCode"],
    }
    return json.dumps([{"labels": labels, "annotations": {"summary": told["ErrorMessage"]}}]).encode()


@dataclass
class Alertmanager(Program):
    name: str
    folder: Path

    health = "/-/ready"

    def command(self) -> list[str]:
        configuration = self.folder / "alertmanager.yml"
        configuration.write_text(CONFIGURATION, encoding="utf-8")
        return [
            program(),
            f"--config.file={configuration}",
            f"--storage.path={self.folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--cluster.listen-address=",
            "--log.level=warn",
        ]

    def variables(self) -> dict[str, str]:
        return inherited_environment()
