"""A model behind the real embedded server: in time, slow, killed in the middle, and a storm."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.rca.models.speech import FINDING, KEY, PATH, answered
from tests.support.alerts import data_factory_alert
from tests.support.live_server import TAKEOVER_SECONDS, LiveServer
from tests.support.vendor_server import Answer, VendorServer, ok, serving

pytestmark = pytest.mark.server


@pytest.fixture
def model() -> Iterator[VendorServer]:
    with serving() as vendor:
        vendor.on("POST", PATH, answered())
        yield vendor


@pytest.fixture
def server(tmp_path: Path, model: VendorServer) -> Iterator[LiveServer]:
    environment = {
        "GEMINI_API_ENDPOINT": model.url,
        "GEMINI_API_KEY": KEY,
        "GEMINI_TIMEOUT_SECONDS": "10",
        "RCA_FIRST_ANSWER_SECONDS": "1",
    }
    running = LiveServer(tmp_path, environment).start()
    yield running
    running.kill()


def ticket_when(
    server: LiveServer, token: str, key: str, is_so: Callable[[dict[str, Any]], bool], seconds: float = 20
) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        _, answer = server.call(f"/api/tickets/{key}", token=token)
        ticket: dict[str, Any] = answer["ticket"]
        if is_so(ticket):
            return ticket
        time.sleep(0.05)
    raise AssertionError(f"{key} stayed {ticket['rca_provider']}:\n{server.log.read_text()[-3000:]}")


def is_told(ticket: dict[str, Any]) -> bool:
    return bool(ticket["processing_state"] == "notified")


def is_by_model(ticket: dict[str, Any]) -> bool:
    return bool(ticket["rca_provider"] == "gemini")


def post(server: LiveServer) -> str:
    status, answer = server.call("/azure-monitor", data_factory_alert(), key=server.api_key)
    assert status == 202
    return str(answer["ticket_id"])


def test_answer_in_time_is_what_people_are_told(server: LiveServer) -> None:
    token = server.token()
    ticket = ticket_when(server, token, post(server), is_told)
    assert ticket["rca_provider"] == "gemini"
    assert [row["provider"] for row in ticket["analyses"]] == ["gemini", "rules"]
    assert "RCA Fallback Used" not in [entry["action"] for entry in ticket["timeline"]]


def test_slow_answer_upgrades_what_people_were_told(server: LiveServer, model: VendorServer) -> None:
    model.on("POST", PATH, Answer(200, answered().body, delay=8.0))
    token = server.token()
    started = time.monotonic()
    key = post(server)
    told = ticket_when(server, token, key, is_told)
    assert told["rca_provider"] == "rules"
    assert time.monotonic() - started < 6
    upgraded = ticket_when(server, token, key, is_by_model)
    assert (upgraded["processing_state"], upgraded["status"]) == ("notified", "open")
    assert [(row["provider"], row["is_current"]) for row in upgraded["analyses"]] == [
        ("gemini", True),
        ("rules", False),
    ]
    actions = [entry["action"] for entry in upgraded["timeline"]]
    assert actions.count("RCA Completed") == 2
    assert actions.count("RCA Fallback Used") == 1
    assert len(model.requests) == 1


@pytest.mark.lease
def test_killed_while_the_model_thinks_upgrades_after_the_restart(
    server: LiveServer, model: VendorServer
) -> None:
    model.on("POST", PATH, Answer(200, answered().body, delay=6.0), answered())
    token = server.token()
    key = post(server)
    ticket_when(server, token, key, is_told)
    server.kill()
    server.start()
    assert ticket_when(server, token, key, is_by_model, seconds=TAKEOVER_SECONDS)["status"] == "open"
    assert len(model.requests) == 2


def test_storm_of_equal_failures_costs_one_call(server: LiveServer, model: VendorServer) -> None:
    model.on("POST", PATH, Answer(200, answered().body, delay=0.3))
    token = server.token()
    keys = [post(server) for _ in range(40)]
    for key in keys:
        ticket = ticket_when(server, token, key, lambda ticket: is_told(ticket) and is_by_model(ticket), 60)
    assert ticket["confidence"] == "High"
    assert len(model.requests) == 1


def test_late_answer_edits_the_message_that_was_sent(tmp_path: Path, model: VendorServer) -> None:
    model.on("POST", PATH, Answer(200, answered().body, delay=4.0))
    with serving() as slack:
        sent = {"ok": True, "channel": "C1", "ts": "1503435956.000247", "message": {}}
        slack.on("POST", "/api/chat.postMessage", ok(sent))
        slack.on("POST", "/api/chat.update", ok(sent))
        environment = {
            "GEMINI_API_ENDPOINT": model.url,
            "GEMINI_API_KEY": KEY,
            "RCA_FIRST_ANSWER_SECONDS": "0.2",
            "SLACK_BOT_TOKEN": "xoxb-0-test",
            "SLACK_API_URL": f"{slack.url}/api/",
        }
        running = LiveServer(tmp_path, environment).start()
        try:
            token = running.token()
            key = post(running)
            assert not is_by_model(ticket_when(running, token, key, is_told))
            assert FINDING["root_cause"] not in slack.to("/api/chat.postMessage")[0].body.decode()
            ticket_when(running, token, key, is_by_model)
            deadline = time.monotonic() + 15
            while time.monotonic() < deadline:
                edits = [request.body.decode() for request in slack.to("/api/chat.update")]
                if any(FINDING["root_cause"] in edit for edit in edits):
                    return
                time.sleep(0.1)
            raise AssertionError(f"{len(edits)} edits, none with the model's finding")
        finally:
            running.kill()
