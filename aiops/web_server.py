"""Daphne, with five things more: live sockets may be written to directly, an answer that breaks off is cut off, what
comes too late for a socket is dropped, what was taken in is answered before the end, and work that nobody asked for is
left out.

A live socket is written to without a detour through the server's queues.

ASGI passes every message through coroutines, a protocol object and the reactor's writers, and frames the same
text anew for each of a thousand dashboards. The scope of a WebSocket on plain TCP carries the extension
`aiops.wire` instead: a function that hands a ready frame to the connection's socket. Behind any other server
the extension is absent and the hub sends as ASGI does.

An application that fails after its answer began leaves Daphne 4 with a second answer that it may not begin: the
client waits for ever, and the check that found it never runs again. Here the connection is aborted, so that the
client knows the file to be incomplete.

A browser that leaves while it is still being told what it missed is no error; ASGI asks servers to drop such messages.

At its end Daphne cancels all requests, and drops what they have written in the same instant: an alert was committed
and its sender never told, and a thread of Django's that was at work held the process for ever. Here requests are
answered before the end, and the answers are given the time to leave.

Twisted takes every posted body's type apart with the e-mail package, and forms with it, which Django does anyway; and
Python's collector walks again and again through what was made at the start and stays for ever. Together they were a
seventh of an alert's processor time.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from autobahn.exception import Disconnected
from daphne.server import Server
from daphne.ws_protocol import WebSocketProtocol
from twisted.internet.defer import Deferred
from twisted.internet.tcp import Connection

from tickets.consumers import WIRE_EXTENSION
from tickets.frames import SlowClientError

MOST_WAITING_BYTES = 4 * 1024 * 1024
"""More than this is not kept for a client that does not read; it comes back and asks for what it missed."""


ANSWERS_SECONDS = 10.0
"""How long the requests that run at the end may take to be answered; a commit is one flush to the disk."""

LEAVE_SECONDS = 0.3
"""For answers on their way out of this process; what is asked meanwhile is refused."""

COLLECTED_AFTER = 10_000
"""New objects between two looks for rings of them; Python's 700 are reached by two alerts."""


class WebServer(Server):
    """`refuse` is called when the end begins, before the requests that run are waited for."""

    def __init__(self, *arguments: Any, refuse: Callable[[], object] = bool, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._refuse = refuse
        self.ready_callable = self._before_the_first_request

    def run(self) -> None:
        set_the_start_apart()
        super().run()

    def _before_the_first_request(self) -> None:
        self.http_factory.log = _write_nothing

    def protocol_connected(self, protocol: Any) -> None:
        """Called with each new request, before anything of its body is read.

        Twisted's constructor takes the word, but Daphne calls it without.
        """
        protocol._parsePOSTFormSubmission = False
        super().protocol_connected(protocol)

    def kill_all_applications(self) -> Any:
        """Twisted stops when what this returns has come."""
        self._refuse()
        sockets: list[asyncio.Future[Any]] = []
        requests: list[asyncio.Future[Any]] = []
        for protocol, details in self.connections.items():
            running = details.get("application_instance")
            if running is not None and not running.done():
                (sockets if isinstance(protocol, WebSocketProtocol) else requests).append(running)
        return Deferred.fromFuture(asyncio.ensure_future(_ended(sockets, requests)))

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        transport = getattr(protocol, "transport", None)
        if scope["type"] == "websocket" and isinstance(transport, Connection) and not transport.TLS:
            scope["extensions"] = {WIRE_EXTENSION: Wire(protocol, transport)}
        if scope["type"] == "http":
            protocol.handle_exception = partial(_end_broken, protocol, protocol.handle_exception)
        return super().create_application(protocol, scope)

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        with suppress(Disconnected):
            await super().handle_reply(protocol, message)


def set_the_start_apart() -> None:
    """The collector leaves alone what is there by now, and looks less often through what comes."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECTED_AFTER, *gc.get_threshold()[1:])


def _write_nothing(request: object) -> None:
    """Instead of Twisted's line for its own log of requests, which Daphne throws away."""


async def _ended(sockets: Sequence[asyncio.Future[Any]], requests: Sequence[asyncio.Future[Any]]) -> None:
    """Live sockets end at once, requests are answered first. None is cancelled before its time: what Django leaves
    behind then is a thread that asks this loop for the next step and would wait for it for ever."""
    if not sockets and not requests:
        return
    for each in sockets:
        each.cancel()
    if requests:
        await asyncio.wait(requests, timeout=ANSWERS_SECONDS)
    await asyncio.sleep(LEAVE_SECONDS)
    for each in requests:
        each.cancel()


def _end_broken(
    protocol: Any, answer_error: Callable[[BaseException], None], exception: BaseException
) -> None:
    if not protocol._response_started:
        answer_error(exception)
    elif protocol.channel is not None:
        protocol.transport.abortConnection()


class Wire:
    """Writes frames to one connection: straight to its socket while nothing waits, else behind what waits."""

    def __init__(self, protocol: Any, transport: Any) -> None:
        self._protocol = protocol
        self._transport = transport

    def __call__(self, frame: bytes) -> None:
        """Raise SlowClientError when too much waits already, ConnectionError when the connection has ended."""
        transport = self._transport
        if self._protocol.state != self._protocol.STATE_OPEN or transport.disconnecting:
            raise ConnectionError("the socket is closed or closing")
        waiting = self.waiting
        if waiting > MOST_WAITING_BYTES:
            raise SlowClientError
        sent = 0 if waiting else transport.writeSomeData(frame)
        if isinstance(sent, BaseException):
            raise ConnectionError("the socket is gone")
        if sent < len(frame):
            transport.write(frame[sent:])

    @property
    def waiting(self) -> int:
        """Bytes that Twisted holds for this connection (abstract.FileDescriptor's two buffers)."""
        transport = self._transport
        return len(transport.dataBuffer) - int(transport.offset) + int(transport._tempDataLen)
