"""Frames as they lie on the wire, and what is done for a client that does not read them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from daphne.ws_protocol import WebSocketProtocol
from twisted.internet.tcp import Connection

from aiops.web_server import MOST_WAITING_BYTES, WebServer, Wire
from tickets.frames import Frame, SlowClientError


class Reactor:
    """Twisted's reactor as far as a connection that only writes needs it."""

    def addWriter(self, connection: Connection) -> None: ...  # noqa: N802
    def removeWriter(self, connection: Connection) -> None: ...  # noqa: N802


class Protocol:
    STATE_OPEN = 3
    state = 3


def unpacked(wire: bytes) -> Iterator[str]:
    """The texts of whole, unmasked frames (RFC 6455, section 5.2)."""
    while wire:
        assert wire[0] == 0x81
        length, head = wire[1], 2
        if length == 126:
            length, head = int.from_bytes(wire[2:4], "big"), 4
        elif length == 127:
            length, head = int.from_bytes(wire[2:10], "big"), 10
        yield wire[head : head + length].decode()
        wire = wire[head + length :]


def written_until_refused(wire: Wire) -> int:
    """How many numbered frames of 100 kB it took."""
    for number in range(1_000):
        try:
            wire(Frame(f"{number:06}" + "x" * 100_000).wire)
        except SlowClientError:
            return number
    raise AssertionError("it kept 100 MB for a client that reads nothing")


@pytest.fixture
def ends() -> Iterator[tuple[Connection, socket.socket]]:
    here, there = socket.socketpair()
    here.setblocking(False)
    protocol: Any = Protocol()
    reactor: Any = Reactor()
    connection = Connection(here, protocol, reactor)
    connection.connected = True
    yield connection, there
    here.close()
    there.close()


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 65_535, 65_536, 300_000])
def test_frame_of_any_length_reads_back(length: int) -> None:
    text = "x" * length
    assert list(unpacked(Frame(text).wire)) == [text]


def test_text_beyond_ascii_is_counted_in_bytes() -> None:
    assert list(unpacked(Frame("ü€" * 50).wire)) == ["ü€" * 50]


def test_frame_goes_out_at_once_while_nothing_waits(ends: tuple[Connection, socket.socket]) -> None:
    connection, there = ends
    wire = Wire(Protocol(), connection)
    wire(Frame("now").wire)
    assert wire.waiting == 0
    assert list(unpacked(there.recv(100))) == ["now"]


def test_client_that_does_not_read_is_refused_more_and_loses_no_order(
    ends: tuple[Connection, socket.socket],
) -> None:
    connection, there = ends
    wire = Wire(Protocol(), connection)
    told = written_until_refused(wire)
    assert MOST_WAITING_BYTES < wire.waiting < MOST_WAITING_BYTES + 200_000
    there.setblocking(False)
    arrived = b""
    while wire.waiting or not arrived:
        connection.doWrite()  # type: ignore[no-untyped-call]
        arrived += there.recv(10_000_000)
    while True:
        try:
            arrived += there.recv(10_000_000)
        except BlockingIOError:
            break
    assert [int(text[:6]) for text in unpacked(arrived)] == list(range(told))


def test_closed_connection_is_told_as_such(ends: tuple[Connection, socket.socket]) -> None:
    connection, there = ends
    wire = Wire(Protocol(), connection)
    there.close()
    with pytest.raises(ConnectionError):
        wire(Frame("nobody").wire)


def test_message_for_a_socket_that_has_just_closed_is_dropped() -> None:
    protocol = WebSocketProtocol()
    protocol.state, protocol.client_addr = WebSocketProtocol.STATE_CLOSED, None
    server = WebServer(application=None, endpoints=["tcp:port=0"])  # it never runs
    server.connections = {protocol: {}}  # Daphne has not heard of it yet
    asyncio.run(server.handle_reply(protocol, {"type": "websocket.send", "text": "missed"}))
