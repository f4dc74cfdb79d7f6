"""What the desk is measured against takes the alerts in; where one is not installed, the report says so."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from bench import contenders, serve
from bench.alerts import alert_requests
from bench.load import closed_loop
from bench.references import alerta, alertmanager
from bench.servers import Program, cpu_seconds, family, postgres_database, running
from ingestion import wakeup
from ingestion.signals import lookup_requested
from tickets.signals import ticket_opened

POSTGRES = os.environ.get("DATABASE_URL", "")


def statuses(contender: contenders.Contender, server: Program) -> set[int]:
    """What a server answers to five new alerts and to the same ones once more."""
    url = f"{server.url}{contender.path}"
    requests = alert_requests(url, 5, contender.body, contender.key)
    told = asyncio.run(closed_loop(url, lambda n: requests[n % 5], connections=2, requests=10))
    return set(told.statuses)


def contender(name: str) -> contenders.Contender:
    return next(each for each in contenders.contenders("postgresql") if each.name == name)


@pytest.mark.server
@pytest.mark.skipif(not alertmanager.is_installed(), reason="Alertmanager is not installed")
def test_alertmanager_takes_the_alerts_in(tmp_path: Path) -> None:
    reference = contender(contenders.ALERTMANAGER)
    server = reference.make("alertmanager", tmp_path, "")
    with running([server]):
        assert statuses(reference, server) == {reference.accepted}


@pytest.mark.server
@pytest.mark.skipif(
    not (alerta.is_installed() and POSTGRES.startswith("postgres")),
    reason="Alerta is not installed, or DATABASE_URL names no PostgreSQL",
)
def test_alerta_takes_the_alerts_in(tmp_path: Path) -> None:
    reference = contender(contenders.ALERTA)
    with postgres_database(POSTGRES, f"aiops_alerta_{os.getpid()}") as url:
        server = reference.make("alerta", tmp_path, url)
        with running([server]):
            assert statuses(reference, server) == {reference.accepted}
        with psycopg.connect(url) as connection:
            kept = connection.execute("SELECT duplicate_count, repeat FROM alerts").fetchall()
    assert kept == [(1, True)] * 5


def test_reference_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BENCH_ALERTA", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    taking_part = {each.name for each in contenders.contenders("postgresql")}
    assert not {contenders.ALERTA, contenders.ALERTMANAGER} & taking_part
    told = " ".join(contenders.absent("postgresql"))
    assert f"{contenders.ALERTA}: not measured" in told
    assert f"{contenders.ALERTMANAGER}: not measured" in told
    assert contenders.ALERTA not in " ".join(contenders.absent("sqlite")).replace(contenders.ALERTMANAGER, "")


def test_processor_time_of_children_counts() -> None:
    child = f"{sys.executable} -c 'sum(range(10**7)); print(1, flush=True); input()'"
    with subprocess.Popen(
        ["/bin/sh", "-c", f"{child}; :"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as shell:
        assert shell.stdout is not None
        shell.stdout.readline()
        found = family(shell.pid)
        assert found[0] == shell.pid
        assert len(found) == 2
        assert sum(map(cpu_seconds, found)) > cpu_seconds(shell.pid) + 0.05
        shell.communicate(b"\n")


@pytest.fixture
def wake_ups() -> Iterator[None]:
    yield
    wakeup.connect()


def test_server_without_wake_ups_has_nobody_listening(wake_ups: None) -> None:
    assert ticket_opened.has_listeners()
    assert lookup_requested.has_listeners()
    serve.wake_nobody()
    assert not ticket_opened.has_listeners()
    assert not lookup_requested.has_listeners()
