"""Handing over to the worker: the door with its wake-ups and without, storm by storm in turns.

What is handed over is a row that is written anyway; what can cost is telling the worker. The messages go to a real
broker and nobody takes them: where the worker is another process, its work is not the web server's.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from bench.alerts import alert_requests
from bench.contenders import ENDLESS_QUEUE, PRODUCT, STORM
from bench.load import closed_loop
from bench.results import Aim, Context, Result, medians
from bench.servers import Server, postgres_database, redis_database, running

CONNECTIONS = 50
PAIRS = 5
"""Of storms in each round."""
MOST_LOST = 0.1
WITH, WITHOUT = "waking workers", "waking nobody"
Figures = dict[str, float]


def measure(context: Context, database: str, result: Result) -> None:
    """Add rows and aim of one database to the result: embedded on SQLite, with Redis on PostgreSQL."""
    broker = "memory" if database == "sqlite" else "Redis"
    if database != "sqlite" and not context.redis_url:
        result.notes.append(
            f"Hand-over to the worker ({database}): not measured, BENCH_REDIS_URL is not set."
        )
        return
    with ExitStack() as stack:
        environment = dict(ENDLESS_QUEUE)
        if database != "sqlite":
            environment["REDIS_URL"] = stack.enter_context(redis_database(context.redis_url))
        servers = {}
        for name in (WITH, WITHOUT):
            label = f"bench_{database}_{name}".replace(" ", "_")
            url = ""
            if database != "sqlite":
                url = stack.enter_context(postgres_database(context.postgres_url, label))
            folder: Path = context.folder / label
            servers[name] = Server(
                name, PRODUCT, folder, url, environment=environment, wakes_workers=name == WITH
            )
        stack.enter_context(running(list(servers.values())))
        pairs = list(_pairs(servers, PAIRS * context.rounds))
    for name in (WITH, WITHOUT):
        result.rows[f"{name} ({broker}), {database}"] = medians([pair[name] for pair in pairs])
    aims = (
        ("hand-over, share of ingest throughput", 1 - 1 / dearer(pairs, "storm s")),
        ("hand-over, processor time added", dearer(pairs, "CPU ms") - 1),
    )
    result.aims += [
        Aim(f"{what} ({database}, {broker})", measured, at_most=MOST_LOST) for what, measured in aims
    ]


def dearer(pairs: Sequence[dict[str, Figures]], column: str) -> float:
    """How many times as much it takes with wake-ups as without: the median over pairs of storms."""
    return statistics.median(pair[WITH][column] / pair[WITHOUT][column] for pair in pairs)


def _pairs(servers: dict[str, Server], count: int) -> Iterator[dict[str, Figures]]:
    for number in range(-1, count):  # the first pair only warms up
        order = (WITH, WITHOUT) if number % 2 else (WITHOUT, WITH)
        pair = {name: _storm(servers[name]) for name in order}
        if number >= 0:
            yield pair


def _storm(server: Server) -> Figures:
    url = f"{server.url}/azure-monitor"
    requests = alert_requests(url, STORM)
    before = server.cpu_seconds()
    storm = asyncio.run(closed_loop(url, requests.__getitem__, connections=CONNECTIONS, requests=STORM))
    return {
        "storm s": storm.seconds,
        "req/s": storm.rate,
        "p50 ms": storm.percentile(0.5) * 1e3,
        "p99 ms": storm.percentile(0.99) * 1e3,
        "CPU ms": (server.cpu_seconds() - before) / STORM * 1e3,
        "failed": float(STORM - storm.statuses[202]),
    }
