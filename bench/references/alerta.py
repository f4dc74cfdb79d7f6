"""Alerta (docs.alerta.io), an open-source alert console in Flask: served by gunicorn, its alerts in PostgreSQL.

It lives in an environment of its own, made by `make bench-references`. Two processes of four threads: on two cores
that answered more than two or five processes without threads, or sixteen threads each. Nobody signs in
(AUTH_REQUIRED is off), which spares it a query per alert; everything else is as Alerta comes.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from bench.alerts import essentials, properties
from bench.servers import ROOT, Program, inherited_environment

ENVIRONMENT = ROOT / "var" / "bench" / "alerta"
PATH = "/alert"
ACCEPTED = 201
PROCESSES, THREADS = 2, 4


def gunicorn() -> Path:
    """The program, whether it is there or not; BENCH_ALERTA names another environment."""
    return Path(os.environ.get("BENCH_ALERTA") or ENVIRONMENT) / "bin" / "gunicorn"


def is_installed() -> bool:
    return gunicorn().exists()


def alert(run_id: str) -> bytes:
    """What the common alert schema says, in Alerta's own terms. An alert of its own: Alerta knows one again by
    environment, resource and event.
    """
    told = properties(run_id)
    return json.dumps(
        {
            "resource": f"adf-sales/{told['PipelineName']}/{run_id}",
            "event": told["ErrorCode"],
            "environment": "Production",
            "severity": "major",
            "service": ["adf-sales"],
            "group": "Data Factory",
            "text": told["ErrorMessage"],
            "attributes": {**essentials(run_id), **told},
        }
    ).encode()


@dataclass
class Alerta(Program):
    name: str
    folder: Path
    database_url: str

    health = "/management/gtg"

    def command(self) -> list[str]:
        options = ["--bind", f"127.0.0.1:{self.port}", "--workers", str(PROCESSES), "--threads", str(THREADS)]
        # Loaded once before it divides: two processes that make the tables at the same time trip over each other.
        return [str(gunicorn()), *options, "--preload", "--no-control-socket", "alerta:create_app()"]

    def variables(self) -> dict[str, str]:
        given = {
            "DATABASE_URL": self.database_url,
            "SECRET_KEY": "bench",
            "AUTH_REQUIRED": "no",
            "DEBUG": "no",
        }
        return inherited_environment() | given
