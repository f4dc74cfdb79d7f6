"""One change to many dashboards: from the answer to the alert until the last socket holds the frame."""

from __future__ import annotations

import asyncio
import base64
import os
import secrets
import statistics
import subprocess
import sys
import time
import urllib.request

from bench.alerts import alert_body
from bench.results import Aim, Context, Result
from bench.servers import KEY, ROOT, Server, running

TITLE = "Fan-out"

SOCKETS = 1_000
CHANGES = 5
MAKE_SCRIPT = (
    "from accounts.models import User; from accounts.tokens import tokens_for; "
    "u = User.objects.create_superuser('bench@example.com', 'bench'); print(tokens_for(u)['token'])"
)


def run(context: Context) -> Result:
    """Median and worst time to the last socket over CHANGES alerts per round, in milliseconds."""
    result = Result(TITLE)
    server = Server("fan-out", "aiops.asgi:application", context.folder / "fanout")
    with running([server]):
        token = _token(server)
        times = [asyncio.run(_measure(server, token)) for _ in range(context.rounds)]
    last = [moment for one in times for moment in one]
    result.rows[f"{SOCKETS} sockets, sqlite"] = {
        "last socket p50 ms": statistics.median(last),
        "last socket worst ms": max(last),
    }
    result.aims.append(
        Aim("last of 1,000 sockets after the answer, ms", statistics.median(last), at_most=100)
    )
    result.notes.append(
        "The clients share the machine's two cores with the server; their reading is included."
    )
    return result


def _token(server: Server) -> str:
    environment = {
        "PATH": os.environ["PATH"], "AIOPS_DATA_DIR": str(server.folder), "PUBLIC_BASE_URL": server.url,
    }  # fmt: skip
    told = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", MAKE_SCRIPT],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return told.stdout.split()[-1]


async def _measure(server: Server, token: str) -> list[float]:
    sockets = []
    for start in range(0, SOCKETS, 50):
        sockets += await asyncio.gather(*(_connect(server, token) for _ in range(min(50, SOCKETS - start))))
    try:
        await asyncio.sleep(1)
        return [await _one_change(server, sockets) for _ in range(CHANGES)]
    finally:
        for _, writer in sockets:
            writer.close()


async def _connect(server: Server, token: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    writer.write(
        f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Protocol: bearer, {token}\r\n\r\n".encode()
    )
    answer = await reader.readuntil(b"\r\n\r\n")
    if b" 101 " not in answer:
        raise RuntimeError(f"the socket was refused: {answer[:80]!r}")
    return reader, writer


async def _one_change(
    server: Server, sockets: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]
) -> float:
    waiting = [asyncio.create_task(_frame_at(reader)) for reader, _ in sockets]
    answered = await asyncio.to_thread(_post, server)
    arrived = await asyncio.gather(*waiting)
    await asyncio.sleep(0.5)
    return (max(arrived) - answered) * 1000


async def _frame_at(reader: asyncio.StreamReader) -> float:
    seen = b""
    while b'"new_ticket"' not in seen:
        seen = seen[-20:] + await reader.read(65_536)
    return time.perf_counter()


def _post(server: Server) -> float:
    request = urllib.request.Request(f"{server.url}/azure-monitor", alert_body(), {"X-Api-Key": KEY})
    urllib.request.urlopen(request, timeout=10).close()
    return time.perf_counter()
