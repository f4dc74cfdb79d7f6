"""Sealing the audit trail: the same alerts on two servers, beside one of which a process seals all the time."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from bench.alerts import alert_requests
from bench.load import closed_loop
from bench.results import Aim, Context, Result, medians
from bench.servers import ROOT, Server, cpu_seconds, own_environment, postgres_database, running

TITLE = "Sealing"

ALERTS = 2_000
CONNECTIONS = 50
TO_FINISH = 2.5  # two turns of the sealer, so that its last work is counted
OFF, ON = "sealing off", "sealing on"


def run(context: Context) -> Result:
    result = Result(TITLE)
    for database in context.databases:
        with ExitStack() as stack:
            servers = {name: _server(context, stack, database, name) for name in (OFF, ON)}
            stack.enter_context(running(list(servers.values())))
            sealer = stack.enter_context(_sealing(servers[ON]))
            rounds: dict[str, list[dict[str, float]]] = {OFF: [], ON: []}
            for number in range(-1, context.rounds):  # the first round only warms up
                for name in (OFF, ON) if number % 2 else (ON, OFF):
                    figures = _measure(servers[name], sealer if name == ON else None)
                    print(f"  {database}, round {number + 1}, {name}: {figures}", file=sys.stderr, flush=True)
                    if number >= 0:
                        rounds[name].append(figures)
        rows = {name: medians(measured) for name, measured in rounds.items()}
        result.rows |= {f"{name}, {database}": row for name, row in rows.items()}
        added = statistics.median(
            on["CPU ms of the sealer"] / off["CPU ms"]
            for on, off in zip(rounds[ON], rounds[OFF], strict=True)
        )
        result.aims.append(Aim(f"CPU of sealing, share of the alert's ({database})", added, at_most=0.03))
    result.notes.append(
        f"{ALERTS:,} new alerts on {CONNECTIONS} connections per round, rounds interleaved. The sealer runs every "
        "second, sixty times as often as in the desk. CPU is per alert: of the server, and of the sealer."
    )
    return result


def _server(context: Context, stack: ExitStack, database: str, name: str) -> Server:
    label = f"bench_{database}_{name}".replace(" ", "_")
    url = ""
    if database == "postgresql":
        url = stack.enter_context(postgres_database(context.postgres_url, label))
    environment = {"INGESTION_QUEUE_LIMIT": "10000000"}
    return Server(name, "aiops.asgi:application", context.folder / label, url, False, environment)


@contextmanager
def _sealing(server: Server) -> Iterator[subprocess.Popen[bytes]]:
    """A process that seals the server's record until the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.audit_record", "seal"],
        cwd=ROOT,
        env=own_environment(server.folder, server.database_url),
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
    finally:
        process.kill()
        process.wait(10)


def _measure(server: Server, sealer: subprocess.Popen[bytes] | None) -> dict[str, float]:
    path = f"{server.url}/azure-monitor"
    requests = alert_requests(path, ALERTS)
    cpu, sealing = server.cpu_seconds(), cpu_seconds(sealer.pid) if sealer else 0.0
    storm = asyncio.run(closed_loop(path, requests.__getitem__, connections=CONNECTIONS, requests=ALERTS))
    if sealer:
        time.sleep(TO_FINISH)
    return {
        "alerts/s": round(storm.rate, 1),
        "CPU ms": round((server.cpu_seconds() - cpu) / ALERTS * 1e3, 4),
        "CPU ms of the sealer": round((cpu_seconds(sealer.pid) - sealing) / ALERTS * 1e3, 4)
        if sealer
        else 0.0,
        "failed": float(ALERTS - storm.statuses[202]),
    }
