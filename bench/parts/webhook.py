"""The webhook path: the door, the usual ways to write one, other alert servers, the floor, and the hand-over."""

from __future__ import annotations

import asyncio
import sys
from contextlib import ExitStack

from bench import hand_over
from bench.alerts import alert_requests
from bench.contenders import (
    ALERTA,
    DOOR,
    STOCK,
    STORM,
    SYNCHRONOUS,
    WITH_WORKER,
    Contender,
    absent,
    contenders,
)
from bench.load import Outcome, closed_loop, open_loop
from bench.results import Aim, Context, Result, medians
from bench.servers import Program, running

TITLE = "Webhook"

CONNECTIONS = 50
RATE, SECONDS = 100.0, 5.0
AGAIN = 300
"""Alerts of the storm that are posted once more."""


def run(context: Context) -> Result:
    result = Result(TITLE)
    for database in context.databases:
        rows = _rounds(context, database)
        result.rows |= {f"{name}, {database}": row for name, row in rows.items()}
        result.aims += _aims(rows, database)
        result.notes += [note for note in absent(database) if note not in result.notes]
        hand_over.measure(context, database, result)
    result.notes.append(
        f"Storm: {STORM} new alerts on {CONNECTIONS} keep-alive connections; again: {AGAIN} of them posted once more; "
        f"open loop: {RATE:g}/s for {SECONDS:g} s, latency from the moment a request was due. CPU is that of the "
        "server's processes, without the database's, per answered request of the storm. Every answer but the one "
        "for an alert that was taken in counts as failed. Alertmanager keeps nothing on disk."
    )
    return result


def _rounds(context: Context, database: str) -> dict[str, dict[str, float]]:
    """The medians by contender."""
    with ExitStack() as stack:
        servers = {
            contender: contender.server(context, stack, database) for contender in contenders(database)
        }
        stack.enter_context(running(list(servers.values())))
        rounds: dict[str, list[dict[str, float]]] = {contender.name: [] for contender in servers}
        for number in range(-1, context.rounds):  # the first round only warms up
            for contender, server in servers.items():
                figures = _measure(contender, server, is_warm_up=number < 0)
                told = ", ".join(f"{name} {value:.4g}" for name, value in figures.items())
                print(
                    f"  {database}, round {number + 1}, {contender.name}: {told}", file=sys.stderr, flush=True
                )
                if number >= 0:
                    rounds[contender.name].append(figures)
    return {name: medians(measured) for name, measured in rounds.items()}


def _measure(contender: Contender, server: Program, *, is_warm_up: bool) -> dict[str, float]:
    path = f"{server.url}{contender.path}"
    total = min(contender.storm, 200) if is_warm_up else contender.storm
    requests = alert_requests(path, total, contender.body, contender.key)
    before = server.cpu_seconds()
    storm = asyncio.run(closed_loop(path, requests.__getitem__, connections=CONNECTIONS, requests=total))
    figures = {
        "storm s": storm.seconds * STORM / total,
        "req/s": storm.rate,
        "p50 ms": storm.percentile(0.5) * 1e3,
        "p99 ms": storm.percentile(0.99) * 1e3,
        "CPU ms": (server.cpu_seconds() - before) / total * 1e3,
        "failed": _failed(storm, contender),
    }
    if is_warm_up:
        return figures
    again, before = min(AGAIN, total), server.cpu_seconds()
    repeated = asyncio.run(closed_loop(path, requests.__getitem__, connections=CONNECTIONS, requests=again))
    figures |= {
        "again req/s": repeated.rate,
        "again CPU ms": (server.cpu_seconds() - before) / again * 1e3,
        "failed": figures["failed"] + _failed(repeated, contender),
    }
    if not contender.holds_rate:
        return figures
    requests = alert_requests(path, int(RATE * SECONDS), contender.body, contender.key)
    steady = asyncio.run(open_loop(path, requests.__getitem__, rate=RATE, seconds=SECONDS))
    return figures | {
        "100/s p50 ms": steady.percentile(0.5) * 1e3,
        "100/s p99 ms": steady.percentile(0.99) * 1e3,
        "100/s failed": _failed(steady, contender),
    }


def _failed(outcome: Outcome, contender: Contender) -> float:
    return float(outcome.statuses.total() - outcome.statuses[contender.accepted])


def _aims(rows: dict[str, dict[str, float]], database: str) -> list[Aim]:
    ours, stock, slow, full = rows[DOOR], rows[STOCK], rows[SYNCHRONOUS], rows[WITH_WORKER]
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
    if ALERTA in rows:
        aims.append(Aim("rate against Alerta", ours["req/s"] / rows[ALERTA]["req/s"], at_least=10))
    return [Aim(f"{aim.what} ({database})", aim.measured, aim.at_least, aim.at_most) for aim in aims]
