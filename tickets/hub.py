"""One hub per web process: reads new live events, encodes each frame once, writes it to that process's sockets.

A hub starts with its first socket and ends with the last one. It reads the event table when it is woken, and
every `POLL_SECONDS` anyway, so neither a lost wake-up nor another process's commit goes unseen. Numbers are
given before commits, so a lower number can appear after a higher one: gaps are asked for again for a while.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Protocol

from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import close_old_connections
from django.db.models import Max, Q

from tickets.models import LiveEvent, Ticket
from tickets.rows import ticket_row, with_row_relations

logger = logging.getLogger(__name__)

POLL_SECONDS = 1.0
COALESCE_SECONDS = 0.1
SESSION_CHECK_SECONDS = 1.0
CREDENTIALS_PER_CHECK = 25
GAP_SECONDS = 30.0
MOST_EVENTS_AT_ONCE = 2_000
MOST_FRAME_BYTES = 256 * 1024
"""The server closes a socket to which it is asked to send more than 1 MiB at once: a storm is many frames."""


class Socket(Protocol):
    """What the hub needs of a connected client; sockets with one `credential` are asked about once."""

    @property
    def credential(self) -> str: ...
    async def send_frame(self, frame: str) -> None: ...
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
        self._last = 0
        self._gaps: dict[int, float] = {}
        self._starting = asyncio.Lock()

    async def join(self, socket: Socket, since: int | None) -> None:
        """Send what the client missed after event `since`, then everything from now on."""
        seen = since
        await self._ensure_running()
        while seen is not None:
            missed: Batch | None = await _in_thread(events_since, seen)
            if missed is None:
                await socket.send_frame(json.dumps({"event": "reset", "seq": self._last}))
                break
            for frame in frames(missed.events):
                await socket.send_frame(frame)
            seen = max([seen, *missed.numbers])
            if seen >= self._last or not missed.numbers:
                break
        self._sockets.add(socket)
        await self._ensure_running()  # the last socket may have left while this one caught up
        await socket.send_frame(json.dumps({"event": "heartbeat", "seq": self._last}))

    async def _ensure_running(self) -> None:
        async with self._starting:
            if self._task is None or self._task.done():
                self._loop = asyncio.get_running_loop()
                self._woken = asyncio.Event()
                self._last = await _in_thread(newest_number)
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
                    await asyncio.wait_for(self._woken.wait(), POLL_SECONDS)
                except TimeoutError:
                    await self._write(json.dumps({"event": "heartbeat", "seq": self._last}))
                self._woken.clear()
                if not self._sockets:
                    return
                await self._pass_on()
                await asyncio.sleep(COALESCE_SECONDS)
        finally:
            for helper in helpers:
                helper.cancel()

    async def _pass_on(self) -> None:
        try:
            batch: Batch = await _in_thread(events_after, self._last, tuple(self._gaps))
        except Exception:
            logger.warning("The live events could not be read", exc_info=True)
            return
        self._number(batch.numbers)
        if len(batch.numbers) == MOST_EVENTS_AT_ONCE:
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

    async def _write(self, frame: str) -> None:
        for socket in tuple(self._sockets):
            try:
                await socket.send_frame(frame)
            except Exception:  # noqa: BLE001 - one broken client must not cost the others their frame
                self._sockets.discard(socket)

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
                ended = await _in_thread(_ended_among, {name: by_credential[name][0] for name in asked})
            except Exception:
                logger.warning("The sessions of the live clients could not be checked", exc_info=True)
                continue
            for name in ended:
                for socket in by_credential[name]:
                    self._sockets.discard(socket)
                    await socket.end(4401)

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


def newest_number() -> int:
    return LiveEvent.objects.aggregate(newest=Max("id"))["newest"] or 0


class Batch(NamedTuple):
    """The numbers that were read, and what there is to send; a number whose ticket is gone has nothing."""

    numbers: list[int]
    events: list[dict[str, Any]]


def events_after(last: int, gaps: tuple[int, ...]) -> Batch:
    wanted = Q(id__gt=last) | Q(id__in=gaps) if gaps else Q(id__gt=last)
    return _batch(wanted)


def events_since(number: int) -> Batch | None:
    """The next events after `number`, at most MOST_EVENTS_AT_ONCE; None when some of them are no longer kept."""
    oldest = LiveEvent.objects.order_by("id").values_list("id", flat=True).first()
    newest = newest_number()
    if (
        number > newest
        or (oldest is not None and number < oldest - 1)
        or (oldest is None and number < newest)
    ):
        return None
    return _batch(Q(id__gt=number))


def _batch(wanted: Q) -> Batch:
    found = list(LiveEvent.objects.filter(wanted).order_by("id")[:MOST_EVENTS_AT_ONCE])
    return Batch([event.pk for event in found], render(found))


def render(events: Iterable[LiveEvent]) -> list[dict[str, Any]]:
    """Frames for events, with each ticket as it is now; an event whose ticket is gone is left out."""
    found = list(events)
    keys = {event.ticket_key for event in found}
    tickets = {t.key: t for t in with_row_relations(Ticket.objects.filter(key__in=keys))}
    rows = {key: ticket_row(ticket) for key, ticket in tickets.items()}
    frames: list[dict[str, Any]] = []
    for event in found:
        if event.ticket_key in rows:
            frame = {
                "event": event.event,
                "seq": event.pk,
                "ticket_id": event.ticket_key,
                "ticket": rows[event.ticket_key],
            }
            if event.new_status:
                frame["new_status"] = event.new_status
            frames.append(frame)
    return frames


def frames(events: Iterable[dict[str, Any]]) -> Iterator[str]:
    """The events as JSON arrays, in order, each array as long as MOST_FRAME_BYTES allows."""
    encoded: list[str] = []
    size = 0
    for text in map(json.dumps, events):  # ASCII: a character is a byte
        if encoded and size + len(text) > MOST_FRAME_BYTES:
            yield f"[{', '.join(encoded)}]"
            encoded, size = [], 0
        encoded.append(text)
        size += len(text) + 2
    if encoded:
        yield f"[{', '.join(encoded)}]"


async def _in_thread(function: Any, *arguments: Any) -> Any:
    def call() -> Any:
        close_old_connections()
        try:
            return function(*arguments)
        finally:
            close_old_connections()

    return await sync_to_async(call, thread_sensitive=False)()
