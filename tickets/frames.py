"""Live events as WebSocket frames: encoded once, for as many sockets as there are."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

MOST_FRAME_BYTES = 256 * 1024
"""The server closes a socket to which it is asked to send more than 1 MiB at once: a storm is many frames."""

FINAL_TEXT = 0x81


class SlowClientError(Exception):
    """The client reads more slowly than there is to tell: what waits for it has reached the limit."""


class Frame:
    """One text message; `wire` is the whole frame as a server sends it (RFC 6455, section 5.2: not masked)."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def wire(self) -> bytes:
        payload = self.text.encode()
        length = len(payload)
        if length < 126:
            return struct.pack("!BB", FINAL_TEXT, length) + payload
        if length < 65_536:
            return struct.pack("!BBH", FINAL_TEXT, 126, length) + payload
        return struct.pack("!BBQ", FINAL_TEXT, 127, length) + payload


def signal(event: str, seq: int) -> Frame:
    """A frame of the connection itself: `heartbeat` or `reset`."""
    return Frame(json.dumps({"event": event, "seq": seq}))


def frames(events: Iterable[dict[str, Any]]) -> Iterator[Frame]:
    """The events as JSON arrays, in order, each array as long as MOST_FRAME_BYTES allows."""
    encoded: list[str] = []
    size = 0
    for text in map(json.dumps, events):  # ASCII: a character is a byte
        if encoded and size + len(text) > MOST_FRAME_BYTES:
            yield Frame(f"[{', '.join(encoded)}]")
            encoded, size = [], 0
        encoded.append(text)
        size += len(text) + 2
    if encoded:
        yield Frame(f"[{', '.join(encoded)}]")
