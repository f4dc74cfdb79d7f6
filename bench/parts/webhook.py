"""The webhook path: the fast door, a stock DRF view over the same service, the synchronous design, and the floor."""

from __future__ import annotations

import asyncio
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field

from bench.alerts import alert_requests
from bench.load import Outcome, closed_loop, open_loop
from bench.results import Aim, Context, Result, medians
from bench.servers import Server, postgres_database, running

TITLE = "Webhook"

STORM = 1_000
CONNECTIONS = 50
RATE, SECONDS = 100.0, 5.0
REFERENCE_SETTINGS = {"DJANGO_SETTINGS_MODULE": "bench.references.settings"}
PRODUCT = "aiops.asgi:application"
DJANGO = "bench.references.applications:django_application"


def run(context: Context) -> Result:
    result = Result(TITLE)
    for database in context.databases:
        with ExitStack() as stack:
            servers = [contender.server(context, stack, database) for contender in CONTENDERS]
            stack.enter_context(running(servers))
            rounds: dict[str, list[dict[str, float]]] = {server.name: [] for server in servers}
            for number in range(-1, context.rounds):  # the first round only warms up
                for server in servers:
                    figures = _measure(server, is_warm_up=number < 0)
                    told = ", ".join(f"{name} {value:.4g}" for name, value in figures.items())
                    print(
                        f"  {database}, round {number + 1}, {server.name}: {told}",
                        file=sys.stderr,
                        flush=True,
                    )
                    if number >= 0:
                        rounds[server.name].append(figures)
        rows = {name: medians(measured) for name, measured in rounds.items()}
        result.rows |= {f"{name}, {database}": row for name, row in rows.items()}
        result.aims += _aims(rows, database)
    result.notes.append(
        f"Storm: {STORM} new alerts on {CONNECTIONS} keep-alive connections; open loop: {RATE:g}/s for "
        f"{SECONDS:g} s, latency from the moment a request was due. CPU is that of the server process per "
        "answered request of the storm. Every answer other than 202 counts as failed."
    )
    return result


@dataclass(frozen=True)
class Contender:
    name: str
    application: str
    environment: dict[str, str] = field(default_factory=dict)
    with_worker: bool = False

    def server(self, context: Context, stack: ExitStack, database: str) -> Server:
        label = "".join(c if c.isalnum() else "_" for c in f"bench_{database}_{self.name}")[:60]
        url = ""
        if database == "postgresql":
            url = stack.enter_context(postgres_database(context.postgres_url, label))
        # Nobody works the tickets off in most of these servers, and 503 is not what is measured.
        environment = {**self.environment, "INGESTION_QUEUE_LIMIT": "10000000"}
        return Server(self.name, self.application, context.folder / label, url, self.with_worker, environment)


CONTENDERS = (
    Contender("fast door", PRODUCT),
    Contender("fast door with the worker inside", PRODUCT, with_worker=True),
    Contender("stock DRF view", DJANGO, REFERENCE_SETTINGS),
    Contender("synchronous design", DJANGO, REFERENCE_SETTINGS),
    Contender("nothing (the server's floor)", "bench.references.applications:nothing", REFERENCE_SETTINGS),
)


def _measure(server: Server, *, is_warm_up: bool) -> dict[str, float]:
    is_slow = server.name == "synchronous design"
    path = f"{server.url}/{'synchronous' if is_slow else 'azure-monitor'}"
    total = (50 if is_slow else 200) if is_warm_up else (150 if is_slow else STORM)
    requests = alert_requests(path, total)
    before = server.cpu_seconds()
    storm = asyncio.run(closed_loop(path, requests.__getitem__, connections=CONNECTIONS, requests=total))
    figures = {
        "storm s": storm.seconds * STORM / total,
        "req/s": storm.rate,
        "p50 ms": storm.percentile(0.5) * 1e3,
        "p99 ms": storm.percentile(0.99) * 1e3,
        "CPU ms": (server.cpu_seconds() - before) / total * 1e3,
        "failed": _failed(storm),
    }
    if is_warm_up or is_slow:
        return figures
    requests = alert_requests(path, int(RATE * SECONDS))
    steady = asyncio.run(open_loop(path, requests.__getitem__, rate=RATE, seconds=SECONDS))
    return figures | {
        "100/s p50 ms": steady.percentile(0.5) * 1e3,
        "100/s p99 ms": steady.percentile(0.99) * 1e3,
        "100/s failed": _failed(steady),
    }


def _failed(outcome: Outcome) -> float:
    return float(outcome.statuses.total() - outcome.statuses[202])


def _aims(rows: dict[str, dict[str, float]], database: str) -> list[Aim]:
    ours, stock, slow = rows["fast door"], rows["stock DRF view"], rows["synchronous design"]
    full = rows["fast door with the worker inside"]
    aims = [
        Aim("CPU per event against the stock view", ours["CPU ms"] / stock["CPU ms"], at_most=1 / 8),
        Aim("rate against the stock view", ours["req/s"] / stock["req/s"], at_least=8),
        Aim("p50 at 100/s against the stock view", ours["100/s p50 ms"] / stock["100/s p50 ms"], at_most=0.1),
        Aim(
            "p99 at 100/s against the stock view", ours["100/s p99 ms"] / stock["100/s p99 ms"], at_most=1 / 6
        ),
        Aim("storm of 1,000 on 50 connections, seconds", ours["storm s"], at_most=1),
        Aim("the same with the worker inside, seconds", full["storm s"], at_most=1),
        Aim("alerts not answered 202", ours["failed"] + full["failed"], at_most=0),
        Aim("rate against the synchronous design", ours["req/s"] / slow["req/s"], at_least=60),
        Aim("p50 against the synchronous design", ours["p50 ms"] / slow["p50 ms"], at_most=1 / 60),
    ]
    return [Aim(f"{aim.what} ({database})", aim.measured, aim.at_least, aim.at_most) for aim in aims]
