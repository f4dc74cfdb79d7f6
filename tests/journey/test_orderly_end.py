"""Ctrl-C, `systemctl stop`, a new release: who is being answered is answered, and the process ends by itself."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path

import pytest

from tests.support.live_server import ROOT, LiveServer

VISITORS = 6
HANGING = """
import logging, threading
import django
django.setup()
from concurrent.futures import ThreadPoolExecutor
from aiops.ending import end_without_those_who_hang
logging.basicConfig()
ThreadPoolExecutor(thread_name_prefix="of-a-request").submit(threading.Event().wait)
end_without_those_who_hang({seconds})
print("all is written", flush=True)
"""


class Visitors:
    """People who sign in again and again, which takes its time; `answers` counts by status."""

    def __init__(self, server: LiveServer) -> None:
        self.answers: Counter[int] = Counter()
        self._is_over = threading.Event()
        self._threads = [
            threading.Thread(target=self._read, args=(server,), daemon=True) for _ in range(VISITORS)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join(30)

    def _read(self, server: LiveServer) -> None:
        person = {"email": "admin@example.com", "password": server.password}
        while not self._is_over.is_set():
            with suppress(OSError, HTTPException):
                self.answers[server.call("/api/login", person)[0]] += 1


@pytest.mark.server
def test_server_that_is_stopped_while_people_ask_ends_by_itself(tmp_path: Path) -> None:
    server = LiveServer(tmp_path).start()
    visitors = Visitors(server)
    try:
        deadline = time.monotonic() + 60
        while visitors.answers[200] < VISITORS and time.monotonic() < deadline:
            time.sleep(0.05)
        assert server.process is not None
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(60) == 0
    finally:
        server.kill()
        visitors.stop()
    assert "Ended without waiting" not in server.log.read_text()
    assert visitors.answers[200] >= VISITORS
    assert set(visitors.answers) <= {200, 503}


def test_thread_that_hangs_does_not_hold_the_end_and_is_named(tmp_path: Path) -> None:
    began = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-c", HANGING.format(seconds=0.5)],
        cwd=ROOT,
        env={"DJANGO_SETTINGS_MODULE": "aiops.settings", "AIOPS_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ended.stdout == "all is written\n"
    assert "Ended without waiting any longer for: MainThread, of-a-request_0" in ended.stderr
    assert time.monotonic() - began >= 0.5
