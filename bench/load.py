"""A small load generator: keep-alive connections over loopback, each with one request under way, bounded in all.

Closed loop: every connection sends its next request when the last was answered. Open loop: requests leave at
a fixed rate whatever the answers do, and latency counts from the moment a request was due (no co-ordinated
omission).
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
MOST_CONNECTIONS = 200
MOST_REQUESTS = 200_000

MakeRequest = Callable[[int], bytes]


@dataclass
class Outcome:
    """What came back: seconds per request, answers by status, wall time in seconds."""

    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0
    bodies: list[bytes] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """Seconds below which `share` of the answers came."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def http_request(url: str, body: bytes, headers: dict[str, str]) -> bytes:
    """One POST as bytes."""
    parts = urlsplit(url)
    lines = [
        f"POST {parts.path}{'?' + parts.query if parts.query else ''} HTTP/1.1",
        f"Host: {parts.netloc}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class _Connection:
    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body; status 0 when the server went away in between."""
        try:
            if self._writer is None or self._reader is None:
                self._reader, self._writer = await asyncio.open_connection(*self._address)
            self._writer.write(request)
            head = await self._reader.readuntil(b"\r\n\r\n")
            status = int(head[9:12])
            lowered = head.lower()
            start = lowered.find(b"content-length:")
            length = int(lowered[start + 15 : lowered.index(b"\r\n", start)]) if start >= 0 else 0
            body = await self._reader.readexactly(length) if length else b""
            if b"connection: close" in lowered:
                self.close()
        except (OSError, asyncio.IncompleteReadError, ValueError):
            self.close()
            return 0, b""
        return status, body

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._writer = self._reader = None


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host not in LOOPBACK:
        raise ValueError(f"url: expected an address of this machine, not {host!r}")
    return host, parts.port or 80


async def closed_loop(
    url: str, make: MakeRequest, *, connections: int, requests: int, keep_bodies: bool = False
) -> Outcome:
    """Send `requests` in all over `connections`, as fast as the answers come."""
    if not (0 < connections <= MOST_CONNECTIONS and 0 < requests <= MOST_REQUESTS):
        raise ValueError("connections, requests: outside of the bounds of this generator")
    outcome, numbers = Outcome(), iter(range(requests))
    address = _address(url)

    async def work() -> None:
        connection = _Connection(*address)
        for number in numbers:
            request = make(number)
            started = time.perf_counter()
            status, body = await connection.ask(request)
            outcome.latencies.append(time.perf_counter() - started)
            outcome.statuses[status] += 1
            if keep_bodies:
                outcome.bodies.append(body)
        connection.close()

    started = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(connections)))
    outcome.seconds = time.perf_counter() - started
    return outcome


async def open_loop(url: str, make: MakeRequest, *, rate: float, seconds: float) -> Outcome:
    """Send at `rate` per second for `seconds`; a request that finds no free connection opens one."""
    total = int(rate * seconds)
    if not 0 < total <= MOST_REQUESTS:
        raise ValueError("rate, seconds: outside of the bounds of this generator")
    outcome, address = Outcome(), _address(url)
    free: list[_Connection] = []
    opened = 0

    async def one(number: int, due: float) -> None:
        nonlocal opened
        if not free and opened >= MOST_CONNECTIONS:
            while not free:
                await asyncio.sleep(0.001)
        if free:
            connection = free.pop()
        else:
            opened += 1
            connection = _Connection(*address)
        status, _ = await connection.ask(make(number))
        outcome.latencies.append(time.perf_counter() - due)
        outcome.statuses[status] += 1
        free.append(connection)

    started = time.perf_counter()
    tasks = []
    for number in range(total):
        due = started + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(number, due)))
    await asyncio.gather(*tasks)
    outcome.seconds = time.perf_counter() - started
    for connection in free:
        connection.close()
    return outcome
