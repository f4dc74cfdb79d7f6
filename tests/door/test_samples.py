"""The samples that ship: each is what it claims to be, new at each use, and taken by a running desk."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from ingestion import samples
from ingestion.sources import registry
from ingestion.sources.base import Failures, Unsupported
from tests.sources.soundness import assert_sound
from tests.support.live_server import ROOT, LiveServer, free_port
from tests.support.vendor_server import ok, serving

NOW = datetime(2026, 3, 2, 2, 17, 41, 318_000, tzinfo=UTC)
EVERY = [(source, event) for source in samples.sources() for event in samples.events(source)]


def test_every_declared_event_has_a_sample() -> None:
    declared = {slug: sorted(spec.events) for slug, spec in registry().items()}
    assert {source: samples.events(source) for source in samples.sources()} == declared


@pytest.mark.parametrize(("source", "event"), EVERY)
def test_sample_is_the_declared_event_it_is_named_after(source: str, event: str) -> None:
    result = registry()[source].parse(samples.fresh(source, event, NOW))
    assert not isinstance(result, Unsupported)
    assert result.event == event
    assert_sound(result)
    assert "${" not in json.dumps(samples.fresh(source, event, NOW))


@pytest.mark.parametrize(("source", "event"), EVERY)
def test_sample_used_twice_is_two_failures(source: str, event: str) -> None:
    first, second = (registry()[source].parse(samples.fresh(source, event, NOW)) for _ in range(2))
    if isinstance(first, Failures) and isinstance(second, Failures):
        assert {f.dedup_key for f in first.items}.isdisjoint(f.dedup_key for f in second.items)


def test_samples_that_share_their_ids_are_about_one_run() -> None:
    ids: dict[str, Any] = {}
    warned = samples.fresh("databricks", "job-duration-warning", NOW, ids)
    failed = samples.fresh("databricks", "task-failed", NOW, ids)
    assert failed["run"]["parent_run_id"] == warned["run"]["run_id"]
    assert failed["workspace_id"] == warned["workspace_id"]


def test_times_are_relative_to_now() -> None:
    body = samples.fresh("adf", "common-log-v2-fired", NOW)
    assert body["data"]["essentials"]["firedDateTime"] == "2026-03-02T02:16:41.318Z"
    assert samples.fresh("databricks", "cluster-failed", NOW)["timestamp"] == 1_772_417_801_318


def send(*arguments: str) -> str:
    out = StringIO()
    call_command("send_test_alert", *arguments, stdout=out)
    return out.getvalue()


def test_alert_is_sent_with_the_key_and_the_answer_is_shown_without_it(settings: Settings) -> None:
    settings.RCA_API_KEY = "the-configured-key-42"
    ticket = {"status": "created", "ticket_id": "DBX-1", "run_id": "1"}
    with serving() as desk:
        desk.on("POST", "/databricks-monitor", ok({"status": "accepted", "tickets": [ticket]}, status=202))
        told = send("databricks", "--event", "job-failed", "--url", desk.url + "/")
        (request,) = desk.requests
    assert request.headers["x-api-key"] == "the-configured-key-42"
    assert request.json()["event_type"] == "jobs.on_failure"
    assert f"created: {desk.url}/dashboard?ticket=DBX-1" in told
    assert "the-configured-key-42" not in told


@pytest.mark.parametrize("source", samples.sources())
def test_source_without_an_event_has_a_first_choice(source: str) -> None:
    with serving() as desk:
        desk.on("POST", registry()[source].path, ok({"status": "accepted", "tickets": []}, status=202))
        assert f"{source} " in send(source, "--url", desk.url)
        (request,) = desk.requests
    assert isinstance(registry()[source].parse(request.json()), Failures)


def test_unknown_event_is_told_with_the_known_ones() -> None:
    with pytest.raises(
        CommandError, match=r"synapse has samples of common-log-v1-fired, .*; not of 'nothing'"
    ):
        send("synapse", "--event", "nothing")


def test_desk_that_is_away_is_told_in_one_sentence() -> None:
    with pytest.raises(CommandError, match=r"The alert was not taken: .* Is the desk running"):
        send("--url", f"http://127.0.0.1:{free_port()}")


def test_list_names_every_event() -> None:
    told = send("--list")
    assert all(event in told for _, event in EVERY)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LiveServer]:
    running = LiveServer(tmp_path).start()
    yield running
    running.kill()


@pytest.mark.server
def test_demo_shows_tickets_born_analysed_and_closed(server: LiveServer) -> None:
    environment = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME"}} | server.services
    environment |= {"AIOPS_DATA_DIR": str(server.data_dir), "RCA_API_KEY": server.api_key}
    done = subprocess.run(
        [sys.executable, "manage.py", "demo", "--pause", "0", "--url", server.url],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "9 tickets were opened" in done.stdout
    assert done.stdout.count(": acknowledged") == 3
    assert "duplicate_ignored" in done.stdout
