"""A process of many threads does not keep a heap for each of them."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

COUNTING = """
import ctypes, threading
hold, ready = threading.Event(), threading.Barrier(21)
def work():
    kept = [b"x" * 600 for _ in range(2000)]
    ready.wait()
    hold.wait()
threads = [threading.Thread(target=work) for _ in range(20)]
for thread in threads: thread.start()
ready.wait()
c = ctypes.CDLL(None)
c.fdopen.restype = ctypes.c_void_p
out = ctypes.c_void_p(c.fdopen(1, b"w"))
c.malloc_info(0, out)
c.fflush(out)
hold.set()
"""


def heaps(**environment: str) -> int:
    """How many heaps the C library has made once twenty threads hold memory, in a process of manage.py's."""
    inherited = {name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"}
    told = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", COUNTING],
        env=inherited | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return told.stdout.count("<heap nr=")


@pytest.mark.skipif(sys.platform != "linux", reason="other C libraries have nothing to set")
def test_threads_share_two_heaps_unless_the_environment_says_otherwise() -> None:
    assert 1 <= heaps() <= 2
    assert heaps(MALLOC_ARENA_MAX="8") > 2
