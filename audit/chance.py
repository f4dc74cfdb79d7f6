"""Random texts for keys, salts and request ids, from the system's generator, fetched in larger pieces.

Asking the system lets go of the interpreter, so that in a storm the door's writer and its event loop would hand it
to and fro with every salt.
"""

from __future__ import annotations

import os
import threading

PIECE_BYTES = 4096


class _Supply(threading.local):
    """What one thread has fetched and not used yet."""

    def __init__(self) -> None:
        self.piece = b""
        self.used = 0


_supply = _Supply()


def random_hex(size: int) -> str:
    """`size` random bytes (at most PIECE_BYTES) as hexadecimal digits; none is ever given out twice."""
    start, end = _supply.used, _supply.used + size
    if end > len(_supply.piece):
        _supply.piece = os.urandom(PIECE_BYTES)
        start, end = 0, size
    _supply.used = end
    return _supply.piece[start:end].hex()


def _forget() -> None:
    """The child of a fork has its parent's supply; both would give out the same."""
    _supply.piece = b""


if hasattr(os, "register_at_fork"):  # not on Windows, which knows no fork
    os.register_at_fork(after_in_child=_forget)
