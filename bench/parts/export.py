"""Exports of 200,000 rows beside django-import-export, and what alerts notice of one that runs."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from bench.alerts import alert_requests
from bench.load import open_loop
from bench.results import Aim, Context, Result, medians
from bench.servers import Server, running
from bench.volumes import Volume, volume

TITLE = "Export"

ROWS = 200_000
RATE = 20.0
QUIET_SECONDS = 3.0


def run(context: Context) -> Result:
    result = Result(TITLE)
    for database in context.databases:
        source = volume(context, database)
        server = Server(
            "export", "aiops.asgi:application", source.folder, source.database_url,
            environment={"INGESTION_QUEUE_LIMIT": "10000000"},
        )  # fmt: skip
        with running([server]):
            rounds = [_round(server, source) for _ in range(context.rounds)]
        ours, usual = medians([one for one, _ in rounds]), medians([other for _, other in rounds])
        result.rows[f"CSV of the API, {database}"] = ours
        result.rows[f"import-export, {database}"] = usual
        least = 25 if database == "postgresql" else 10
        result.aims += [
            Aim(
                f"rows/s against import-export ({database})", ours["rows/s"] / usual["rows/s"], at_least=least
            ),
            Aim(f"memory added by an export, MB ({database})", ours["MB added"], at_most=30),
            Aim(f"first byte of an export, seconds ({database})", ours["first byte s"], at_most=0.2),
        ]
    result.notes.append(
        f"An export of the newest {ROWS:,} (or all) closed tickets with 39 columns by one person, alerts coming "
        f"in at {RATE:g}/s all the while; MB added is the peak of the server process. "
        "import-export writes 5,000 rows with 40 columns. On PostgreSQL its server's share comes on top of both."
    )
    return result


def _round(server: Server, source: Volume) -> tuple[dict[str, float], dict[str, float]]:
    told = json.loads(source.run("bench.references.exporting"))
    address = f"{server.url}/api/export/closed-tickets?since={told['since']}"
    request = urllib.request.Request(address, headers={"Authorization": f"Bearer {told['token']}"})
    assert server.process is not None
    before = server.cpu_seconds()
    quiet = asyncio.run(_alerts(server, QUIET_SECONDS))
    alerts_share = (server.cpu_seconds() - before) / QUIET_SECONDS
    with ThreadPoolExecutor(1) as pool, _peak(server.process.pid) as added:
        reading = pool.submit(_read, request, server)
        busy = asyncio.run(_alerts(server, QUIET_SECONDS * 2))
        seconds, first, rows, spent = reading.result()
    ours = {
        "rows": rows,
        "rows/s": rows / seconds,
        "CPU us per row": (spent - alerts_share * seconds) / rows * 1e6,
        "first byte s": first,
        "MB added": added[0],
        "alerts p50 ms": busy[0],
        "alerts p95 ms": busy[1],
        "p50 ms without": quiet[0],
        "p95 ms without": quiet[1],
    }
    usual = {"rows": told["rows"], "rows/s": told["rows"] / told["seconds"], "MB added": told["MB added"],
             "CPU us per row": told["CPU seconds"] / told["rows"] * 1e6}  # fmt: skip
    print(f"  {ours}\n  {usual}", file=sys.stderr, flush=True)
    return ours, usual


async def _alerts(server: Server, seconds: float) -> tuple[float, float]:
    """Milliseconds, p50 and p95, of alerts at RATE."""
    path = f"{server.url}/azure-monitor"
    requests = alert_requests(path, int(RATE * seconds))
    outcome = await open_loop(path, requests.__getitem__, rate=RATE, seconds=seconds)
    return outcome.percentile(0.5) * 1e3, outcome.percentile(0.95) * 1e3


def _read(request: urllib.request.Request, server: Server) -> tuple[float, float, int, float]:
    """Seconds in all and to the first byte of the file, rows without the head line, the server's processor seconds."""
    started, lines, before = time.perf_counter(), 0, server.cpu_seconds()
    with urllib.request.urlopen(request, timeout=300) as answer:
        lines += answer.read(1).count(b"\n")
        first = time.perf_counter() - started
        while some := answer.read(262_144):
            lines += some.count(b"\n")
    return time.perf_counter() - started, first, lines - 1, server.cpu_seconds() - before


@contextmanager
def _peak(pid: int) -> Iterator[list[float]]:
    """By how many MB the process grew at its highest, in a list of one when the block is over."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak counts from here
    before, found = _status(pid, "VmRSS"), [0.0]
    yield found
    found[0] = (_status(pid, "VmHWM") - before) / 1024


def _status(pid: int, name: str) -> int:
    """A figure of the kernel's in KB."""
    match = re.search(rf"{name}:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert match is not None
    return int(match[1])
