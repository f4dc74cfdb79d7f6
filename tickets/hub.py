"""One hub per web process: reads new live events, encodes each frame once, writes it to that process's sockets.

A hub starts with its first socket and ends with the last one. It reads the event table when it is woken, and
every `POLL_SECONDS` anyway, so neither a lost wake-up nor another process's commit goes unseen. Numbers are
given before commits, so a lower number can appear after a higher one: gaps are asked for again for a while.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from typing import Protocol

from channels.layers import get_channel_layer
from django.conf import settings

from audit.threads import in_thread
from tickets import live_reads
from tickets.frames import Frame, SlowClientError, frames, signal
from tickets.live_reads import Batch, Reader

logger = logging.getLogger(__name__)

POLL_SECONDS = 1.0
COALESCE_SECONDS = 0.05
"""From one reading to the next: what comes in between goes out together, and well within 100 ms of its commit."""
SESSION_CHECK_SECONDS = 1.0
CREDENTIALS_PER_CHECK = 25
GAP_SECONDS = 30.0
SOCKETS_IN_A_ROW = 250
"""After so many writes everything else in the process has its turn."""

SESSION_ENDED = 4401
TOO_SLOW = 4408


class Socket(Protocol):
    """What the hub needs of a connected client; sockets with one `credential` are asked about once."""

    @property
    def credential(self) -> str: ...
    @property
    def write(self) -> Callable[[bytes], None] | None:
        """Puts a whole frame on the wire or raises SlowClientError; None where the server has no such way."""
        ...

    async def send_text(self, text: str) -> None: ...
    async def end(self, code: int) -> None: ...
    def has_ended(self) -> bool:
        """Whether its session or token is no longer good (asked in a thread; may query)."""
        ...


class Hub:
    def __init__(self) -> None:
        self._sockets: set[Socket] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._woken = asyncio.Event()
        self._reader = Reader()
        self._last = 0
        self._gaps: dict[int, float] = {}
        self._starting = asyncio.Lock()

    async def join(self, socket: Socket, since: int | None) -> None:
        """Send what the client missed after event `since`, then everything from now on."""
        seen = since
        await self._ensure_running()
        while seen is not None:
            missed: Batch | None = await self._reader.read(live_reads.events_since, seen)
            if missed is None:
                await socket.send_text(signal("reset", self._last).text)
                break
            for frame in frames(missed.events):
                await socket.send_text(frame.text)
            seen = max([seen, *missed.numbers])
            if seen >= self._last or not missed.numbers:
                break
        self._sockets.add(socket)
        await self._ensure_running()  # the last socket may have left while this one caught up
        await socket.send_text(signal("heartbeat", self._last).text)

    async def _ensure_running(self) -> None:
        async with self._starting:
            if self._task is None or self._task.done():
                self._loop = asyncio.get_running_loop()
                self._woken = asyncio.Event()
                self._last = await self._reader.read(live_reads.newest_number)
                self._gaps = {}
                self._task = self._loop.create_task(self._run())

    def leave(self, socket: Socket) -> None:
        self._sockets.discard(socket)

    def wake(self) -> None:
        """Safe from any thread."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._woken.set)

    async def _run(self) -> None:
        helpers = [asyncio.create_task(self._watch_sessions())]
        if not settings.EMBEDDED:
            helpers.append(asyncio.create_task(self._listen()))
        try:
            while True:
                try:
                    # Not wait_for: before Python 3.12 it swallows a cancellation that comes with the wake-up.
                    async with asyncio.timeout(POLL_SECONDS):
                        await self._woken.wait()
                except TimeoutError:
                    await self._write(signal("heartbeat", self._last))
                self._woken.clear()
                if not self._sockets:
                    return
                began = time.monotonic()
                await self._pass_on()
                await asyncio.sleep(max(0.0, began + COALESCE_SECONDS - time.monotonic()))
        finally:
            for helper in helpers:
                helper.cancel()
            self._reader.close()

    async def _pass_on(self) -> None:
        try:
            batch: Batch = await self._reader.read(live_reads.events_after, self._last, tuple(self._gaps))
        except Exception:
            logger.warning("The live events could not be read", exc_info=True)
            return
        self._number(batch.numbers)
        if len(batch.numbers) == live_reads.MOST_EVENTS_AT_ONCE:
            self._woken.set()  # there is more
        for frame in frames(batch.events):
            await self._write(frame)

    def _number(self, numbers: Iterable[int]) -> None:
        """Move the last number on and remember the ones that were skipped."""
        now = time.monotonic()
        for number in numbers:
            self._gaps.pop(number, None)
            for missing in range(max(self._last + 1, number - 100), number):
                self._gaps[missing] = now
            self._last = max(self._last, number)
        self._gaps = {number: at for number, at in self._gaps.items() if now - at < GAP_SECONDS}

    async def _write(self, frame: Frame) -> None:
        for count, socket in enumerate(tuple(self._sockets), start=1):
            try:
                if socket.write is None:
                    await socket.send_text(frame.text)
                else:
                    socket.write(frame.wire)
            except SlowClientError:
                await self._end([socket], TOO_SLOW)
            except Exception:  # noqa: BLE001 - one broken client must not cost the others their frame
                self._sockets.discard(socket)
            if count % SOCKETS_IN_A_ROW == 0:
                await asyncio.sleep(0)

    async def _end(self, sockets: Iterable[Socket], code: int) -> None:
        for socket in sockets:
            self._sockets.discard(socket)
            try:
                await socket.end(code)
            except Exception:
                logger.warning("A live client could not be told why it was closed", exc_info=True)

    async def _watch_sessions(self) -> None:
        """Ask, a few credentials a second in turn, whether each is still good; end the sockets of those that are not.

        A thousand people at once would otherwise cost seconds of queries in one go; a few are asked every second.
        """
        turn: list[str] = []
        while True:
            await asyncio.sleep(SESSION_CHECK_SECONDS)
            by_credential: dict[str, list[Socket]] = {}
            for socket in self._sockets:
                by_credential.setdefault(socket.credential, []).append(socket)
            turn = [credential for credential in turn if credential in by_credential] or list(by_credential)
            asked, turn = turn[:CREDENTIALS_PER_CHECK], turn[CREDENTIALS_PER_CHECK:]
            try:
                ended = await in_thread(_ended_among, {name: by_credential[name][0] for name in asked})
            except Exception:
                logger.warning("The sessions of the live clients could not be checked", exc_info=True)
                continue
            for name in ended:
                await self._end(by_credential[name], SESSION_ENDED)

    async def _listen(self) -> None:
        """Turn messages of the channel layer into wake-ups; without Redis the poll goes on alone."""
        while True:
            try:
                layer = get_channel_layer()
                assert layer is not None
                channel = await layer.new_channel()
                await layer.group_add("live", channel)
                while True:
                    await layer.receive(channel)
                    self._woken.set()
            except asyncio.CancelledError:
                raise
            except Exception:  # noqa: BLE001 - Redis is away; polling continues
                logger.warning("The channel layer is away; live updates come by polling")
                await asyncio.sleep(2)


_hub: Hub | None = None


def local_hub() -> Hub:
    """This process's hub, made inside the event loop."""
    global _hub  # noqa: PLW0603 - one per process is the point
    if _hub is None:
        _hub = Hub()
    return _hub


def wake_local_hub() -> None:
    if _hub is not None:
        _hub.wake()


def _ended_among(sockets: dict[str, Socket]) -> list[str]:
    return [credential for credential, socket in sockets.items() if socket.has_ended()]
