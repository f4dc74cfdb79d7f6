"""What the process keeps of memory that it no longer uses."""

from __future__ import annotations

import ctypes
import os
import sys

M_ARENA_MAX = -8  # <malloc.h> of glibc
ARENAS = 2


def share_heaps() -> bool:
    """Let all threads share a few heaps of the C library; True where that was possible. Before threads begin.

    glibc gives each thread a heap of its own, up to eight per core, and none of them lends to another: a desk of thirty
    threads grew by 20 KB with every ticket while its Python objects stayed as many. Few threads ask at the same time,
    since the interpreter runs one. `MALLOC_ARENA_MAX` in the environment has the last word; other C libraries have
    nothing to set.
    """
    if sys.platform != "linux" or "MALLOC_ARENA_MAX" in os.environ:
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    return bool(mallopt(M_ARENA_MAX, ARENAS) == 1)
