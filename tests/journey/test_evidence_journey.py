"""From a metric alert without a run to the Python trace, with the real server and the vendors on loopback."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.evidence.play import (
    FACTORY,
    TRACE,
    Play,
    calling_activity,
    copy_activity,
    job_run,
    notebook_activity,
    pipeline_run,
    task,
)
from tests.evidence.test_run_lookups import alert
from tests.support.live_server import LiveServer
from tests.support.vendor_server import Answer, serving

pytestmark = pytest.mark.server


@contextmanager
def running(folder: Path, play: Play, **environment: str) -> Iterator[LiveServer]:
    server = LiveServer(
        folder,
        environment={
            "AZURE_MANAGEMENT_ENDPOINT": play.vendor.url,
            "AZURE_MANAGEMENT_TOKEN": "arm-token",
            "DATABRICKS_HOST": play.vendor.url,
            "DATABRICKS_TOKEN": "dapi-token",
            "DATABRICKS_WORKSPACE_ID": "77",
            "NO_PROXY": "127.0.0.1,localhost",
            "RCA_PROVIDERS": "rules",
            **environment,
        },
    ).start()
    try:
        yield server
    finally:
        server.kill()


@pytest.fixture
def play() -> Iterator[Play]:
    with serving() as vendor:
        yield Play(vendor)


def tickets_when(
    server: LiveServer, is_done: Callable[[list[dict[str, Any]]], bool], seconds: float = 20
) -> list[dict[str, Any]]:
    token = server.token()
    deadline = time.monotonic() + seconds
    listed: list[dict[str, Any]] = []
    while time.monotonic() < deadline:
        _, answer = server.call("/api/open-tickets", token=token)
        listed = answer["tickets"]
        if is_done(listed):
            return [server.call(f"/api/tickets/{row['id']}", token=token)[1]["ticket"] for row in listed]
        time.sleep(0.1)
    raise AssertionError(f"{listed}\n{server.log.read_text()[-3000:]}")


def are_notified(count: int) -> Callable[[list[dict[str, Any]]], bool]:
    return lambda rows: len(rows) == count and all(row["processing_state"] == "notified" for row in rows)


def test_metric_alert_becomes_three_explained_tickets_and_one_chain(tmp_path: Path, play: Play) -> None:
    play.add_pipeline_run(pipeline_run("run-1", "nightly"), calling_activity("Load", "run-2"))
    page = "https://127.0.0.1/?o=77#job/5/run/900"
    play.add_pipeline_run(pipeline_run("run-2", "load"), notebook_activity("Clean", page))
    play.add_pipeline_run(pipeline_run("run-3", "load", minutes=11), copy_activity())
    output = {"error": "KeyError: 'berth_id'", "error_trace": TRACE}
    play.add_job_run(job_run(900, tasks=[task(901)]), output)
    with running(tmp_path, play, RECONCILE_MINUTES="0") as server:
        status, told = server.call("/azure-monitor", alert(), key=server.api_key)
        assert (status, told["status"], told["ticket_id"]) == (202, "accepted", None)
        found = {ticket["run_id"]: ticket for ticket in tickets_when(server, are_notified(3))}
        server.call("/azure-monitor", alert("ActivityFailedRuns", "b2"), key=server.api_key)
        job = {"event_type": "jobs.on_failure", "workspace_id": 77, "run": {"run_id": 900},
               "job": {"job_id": 5, "name": "berth-cleaning"}}  # fmt: skip
        server.call("/databricks-monitor", job, key=server.api_key)
        after = {ticket["run_id"]: ticket for ticket in tickets_when(server, are_notified(4))}
    assert set(found) == {"run-1", "run-2", "run-3"}
    assert set(after) == {*found, "900"}
    assert found["run-3"]["error_code"] == "UserErrorSourceBlobNotExist"
    assert found["run-1"]["error_message"] == "[Task: clean] KeyError: 'berth_id'"
    chain = next(item for item in found["run-1"]["evidence"] if item["title"] == "The way to the failure")
    places = [chain["text"].index(word) for word in ("nightly", "load", "berth-cleaning", "KeyError")]
    assert places == sorted(places)
    assert [item["text"] for item in after["900"]["evidence"] if item["kind"] == "trace"] == [TRACE]


def test_vendor_that_never_answers_does_not_hold_the_ticket_for_twenty_seconds(
    tmp_path: Path, play: Play
) -> None:
    play.vendor.on("GET", f"{FACTORY}/pipelineruns/run-1", Answer(200, b"{}", delay=60))
    simple = {
        "PipelineName": "load",
        "PipelineRunId": "run-1",
        "ErrorMessage": "failed",
        "resourceId": FACTORY,
    }
    with running(tmp_path, play, RECONCILE_MINUTES="0") as server:
        started = time.monotonic()
        server.call("/azure-monitor", simple, key=server.api_key)
        (ticket,) = tickets_when(server, are_notified(1), seconds=20)
        assert time.monotonic() - started < 20
    assert ticket["error_message"] == "failed"


def test_run_that_no_webhook_told_of_is_found_by_the_clock(tmp_path: Path, play: Play) -> None:
    started = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=30)
    play.add_job_run(job_run(900, started=started, tasks=[task(901)]), {"error": "KeyError: 'berth_id'"})
    with running(tmp_path, play, RECONCILE_MINUTES="1") as server:
        (ticket,) = tickets_when(server, are_notified(1), seconds=60)
    assert (ticket["processing_mode"], ticket["run_id"]) == ("reconciled", "900")
    assert ticket["error_message"] == "[Task: clean] KeyError: 'berth_id'"
