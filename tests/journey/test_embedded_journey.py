"""One real alert through every floor of the house, against the real server as a child process."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import websockets

from tests.support.alerts import data_factory_alert
from tests.support.live_server import ROOT, TAKEOVER_SECONDS, LiveServer

pytestmark = pytest.mark.server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LiveServer]:
    running = LiveServer(tmp_path).start()
    yield running
    running.kill()


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[LiveServer]:
    """From nothing: its first start makes the tables too."""
    running = LiveServer(tmp_path, begins_empty=True).start()
    yield running
    running.kill()


def ticket_when(server: LiveServer, token: str, key: str, state: str, seconds: float = 15) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        _, answer = server.call(f"/api/tickets/{key}", token=token)
        ticket: dict[str, Any] = answer["ticket"]
        if ticket["processing_state"] == state:
            return ticket
        time.sleep(0.05)
    raise AssertionError(f"{key} stayed {ticket['processing_state']}:\n{server.log.read_text()[-3000:]}")


def test_alert_posted_becomes_an_analysed_ticket_and_a_frame_on_the_socket(new_server: LiveServer) -> None:
    token = new_server.token()

    async def journey() -> tuple[dict[str, Any], list[dict[str, Any]]]:
        frames: list[dict[str, Any]] = []
        async with websockets.connect(
            new_server.url.replace("http", "ws") + "/ws",
            subprotocols=["bearer", token],  # type: ignore[list-item]
        ) as socket:
            first = json.loads(await socket.recv())
            assert first["event"] == "heartbeat"
            _, answer = await asyncio.to_thread(
                new_server.call, "/azure-monitor", data_factory_alert(), key=new_server.api_key
            )
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline:
                frame = json.loads(await asyncio.wait_for(socket.recv(), 10))
                frames += frame if isinstance(frame, list) else [frame]
                if any(f.get("ticket", {}).get("processing_state") == "notified" for f in frames):
                    break
        return answer, frames

    answer, frames = asyncio.run(journey())
    assert answer["status"] == "accepted"
    assert next(f["event"] for f in frames if f["event"] != "heartbeat") == "new_ticket"
    ticket = ticket_when(new_server, token, answer["ticket_id"], "notified")
    assert ticket["error_type"] == "UserErrorSourceBlobNotExist"
    assert ticket["severity"] == "High"
    assert ticket["recommendations"]


@pytest.mark.lease
def test_killed_after_the_answer_finishes_the_work_after_restart(server: LiveServer) -> None:
    token = server.token()
    status, answer = server.call("/azure-monitor", data_factory_alert(), key=server.api_key)
    server.kill()
    assert status == 202
    server.start()
    ticket = ticket_when(server, token, answer["ticket_id"], "notified", seconds=TAKEOVER_SECONDS)
    assert ticket["rca_provider"] == "rules"


def test_sigterm_ends_the_server_cleanly_within_seconds(server: LiveServer) -> None:
    started = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - started < 10


def test_taken_port_is_told_in_one_sentence(server: LiveServer, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "serve", "--port", str(server.port)],
        env={"PATH": os.environ["PATH"], "AIOPS_DATA_DIR": str(tmp_path / "second")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert f"PORT: 127.0.0.1:{server.port} cannot be used" in ended.stderr
    assert "Traceback" not in ended.stderr
