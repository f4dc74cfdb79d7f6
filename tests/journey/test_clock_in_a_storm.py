"""Vendors that hang in a storm delay no breach and start no false alarm about workers that are silent."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.evidence.play import job_run
from tests.support.live_server import LiveServer
from tests.support.vendor_server import Answer, Received, ok, serving

pytestmark = pytest.mark.server

TICKETS = 240
HANGS = 9.0
SLA_SECONDS = 12
PATIENCE = 60.0  # of a busy machine; the tickets in the way would take half an hour


def hanging(request: Received) -> Answer:
    return replace(ok(job_run(int(request.query.get("run_id", "1")))), delay=HANGS)


def test_every_breach_is_found_while_the_workers_wait_for_a_vendor(tmp_path: Path) -> None:
    with serving() as vendor:
        vendor.under("/api/", hanging)
        server = LiveServer(
            tmp_path,
            environment={
                "DATABRICKS_HOST": vendor.url, "DATABRICKS_TOKEN": "dapi-token", "DATABRICKS_WORKSPACE_ID": "77",
                "NO_PROXY": "127.0.0.1,localhost", "RCA_PROVIDERS": "rules", "RECONCILE_MINUTES": "0",
                "WORKER_CONCURRENCY": "1", "DELIVERY_CONCURRENCY": "1", "SLA_SECONDS_P3": str(SLA_SECONDS),
            },
        ).start()  # fmt: skip
        try:
            with ThreadPoolExecutor(16) as senders:
                list(senders.map(partial(fail, server), range(TICKETS)))
            give_up = time.monotonic() + SLA_SECONDS + PATIENCE
            token = server.token()
            while time.monotonic() < give_up:
                time.sleep(1)
                summary: dict[str, Any] = server.call("/api/summary", token=token)[1]
                if summary["sla_breached"] == TICKETS:
                    break
            assert summary["sla_breached"] == TICKETS
            waiting = [state_of(each) for each in open_tickets(server, token)].count("received")
            assert waiting > TICKETS / 10, "the clock waited until the tickets were out of its way"
            worker = server.call("/readyz")[1]["checks"]["worker"]
            assert worker["state"] == "ok", worker
        finally:
            server.kill()


def fail(server: LiveServer, number: int) -> None:
    job = {"job_id": number + 1, "name": f"job-{number}"}
    body = {"event_type": "jobs.on_failure", "workspace_id": 77, "run": {"run_id": number + 1}, "job": job}
    assert server.call("/databricks-monitor", body, key=server.api_key)[0] == 202


def open_tickets(server: LiveServer, token: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.call("/api/open-tickets?limit=500", token=token)[1]["tickets"]
    return found


def state_of(ticket: dict[str, Any]) -> str:
    return str(ticket["processing_state"])
