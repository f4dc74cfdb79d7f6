"""Databases of many tickets for the parts that read: built once, kept between runs, brought up to date.

`BENCH_ROWS` says how many tickets (100,000; the figures of record take 1,000,000). SQLite's lies in
`var/bench/`, PostgreSQL's on the server of BENCH_POSTGRES_URL as `aiops_bench_<tickets>`, or `<BENCH_DATABASE>_…`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from bench.results import Context
from bench.servers import KEY, ROOT

TICKETS = 100_000
SMALL = 1_000


def rows() -> int:
    return int(os.environ.get("BENCH_ROWS", TICKETS))


@dataclass(frozen=True)
class Volume:
    """A filled database: the data folder of its desk, and its address where that is not SQLite."""

    folder: Path
    database_url: str = ""

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        kept |= {
            "AIOPS_DATA_DIR": str(self.folder),
            "RCA_API_KEY": KEY,
            "DJANGO_SETTINGS_MODULE": "aiops.settings",
        }
        return kept | ({"DATABASE_URL": self.database_url} if self.database_url else {})

    def run(self, *module_and_options: str) -> str:
        """What `python -m …` printed with this database."""
        done = subprocess.run(
            [sys.executable, "-m", *module_and_options],
            cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
        return done.stdout


def volume(context: Context, database: str, tickets: int | None = None) -> Volume:
    """The volume of so many tickets, `rows()` if not told; built where it is not there yet."""
    count = tickets or rows()
    folder = ROOT / "var" / "bench" / f"{database}-{count}"
    folder.mkdir(parents=True, exist_ok=True)
    url = ""
    if database == "postgresql":
        name = os.environ.get("BENCH_DATABASE", "aiops_bench")
        url = _postgres_database(context.postgres_url, f"{name}_{count}")
    found = Volume(folder, url)
    found.run("bench.volume", "--tickets", str(count), "--keep")
    return found


def _postgres_database(url: str, name: str) -> str:
    import psycopg
    from psycopg import sql

    with psycopg.connect(url, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
