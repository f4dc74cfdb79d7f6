"""Clients that open and say little, or too much: the desk goes on taking alerts, and lets go of what they held."""

from __future__ import annotations

import socket
import time
import uuid
from contextlib import ExitStack

import pytest

from tests.faults.desk import MortalDesk
from tests.faults.soak import standing
from tests.faults.test_kill_points import post

pytestmark = [pytest.mark.server, pytest.mark.proof]

HALF_OPEN = 300
MOST_SECONDS = 2.0


def opened(desk: MortalDesk, said: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", desk.port), 10)
    connection.sendall(said)
    return connection


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"", id="silent"),
        pytest.param(b"POST /azure-monitor HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ", id="half a header"),
        pytest.param(
            b"POST /azure-monitor HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 900000\r\n\r\n{",
            id="half a body",
        ),
    ],
)
def test_hundreds_of_half_open_connections_delay_no_alert(desk: MortalDesk, said: bytes) -> None:
    _, before = standing(desk)
    with ExitStack() as held:
        for _ in range(HALF_OPEN):
            held.enter_context(opened(desk, said))
        for _ in range(5):
            began = time.monotonic()
            assert post(desk, str(uuid.uuid4())) is not None
            assert time.monotonic() - began < MOST_SECONDS
        assert standing(desk)[1] > before + HALF_OPEN / 2, "they are really open"
    deadline = time.monotonic() + 20
    while standing(desk)[1] > before + 20 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert standing(desk)[1] <= before + 20


def test_flood_of_headers_is_cut_off_and_takes_no_memory(desk: MortalDesk) -> None:
    assert post(desk, str(uuid.uuid4())) is not None
    before, _ = standing(desk)
    line = b"X-Flood: " + b"a" * 8_000 + b"\r\n"
    with opened(desk, b"POST /azure-monitor HTTP/1.1\r\nHost: 127.0.0.1\r\n") as connection:
        sent = 0
        try:
            while sent < 64 * 2**20:
                connection.sendall(line)
                sent += len(line)
        except OSError:
            pass
    assert sent < 64 * 2**20, "64 MiB of headers were listened to"
    assert standing(desk)[0] - before < 64
    assert post(desk, str(uuid.uuid4())) is not None
