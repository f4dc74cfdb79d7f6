"""Many live sockets in a process of their own: connects them, then prints when each wave of frames has reached all.

`python -m bench.listeners PORT TOKEN COUNT`. Prints `ready` once every socket is open. Each line on its input names
a text; it prints the moment (`time.monotonic()`, the machine's own clock, seconds) at which the last socket had
read a frame that holds it.
"""

from __future__ import annotations

import base64
import secrets
import selectors
import socket
import sys
import time

PATIENCE_SECONDS = 30.0


def main() -> None:
    port, token, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    sockets = [_connect(port, token) for _ in range(count)]
    waiting = selectors.DefaultSelector()
    for each in sockets:
        each.setblocking(False)
        waiting.register(each, selectors.EVENT_READ)
    print("ready", flush=True)
    for line in sys.stdin:
        print(_last_arrival(waiting, line.strip().encode(), count), flush=True)


def _connect(port: int, token: str) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS)
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    connection.sendall(
        f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Protocol: bearer, {token}\r\n\r\n".encode()
    )
    answer = connection.recv(4096)
    if b" 101 " not in answer:
        raise RuntimeError(f"the socket was refused: {answer[:80]!r}")
    return connection


def _last_arrival(waiting: selectors.BaseSelector, wanted: bytes, count: int) -> float:
    """When the last of `count` sockets had the text; frames may be cut anywhere, so a tail is kept."""
    tails: dict[int, bytes] = {}
    arrived: set[int] = set()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(arrived) < count:
        if time.monotonic() > deadline:
            raise RuntimeError(f"{count - len(arrived)} of {count} sockets saw nothing of {wanted!r}")
        for key, _ in waiting.select(1):
            seen = tails.get(key.fd, b"") + key.fileobj.recv(65_536)  # type: ignore[union-attr]
            if wanted in seen:
                arrived.add(key.fd)
            tails[key.fd] = seen[-len(wanted) :]
    return time.monotonic()


if __name__ == "__main__":
    main()
