"""An application that fails after its answer began: the client learns it at once, and the server goes on.

And what the server does not do for every request.
"""

from __future__ import annotations

import http.client
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from aiops.web_server import COLLECTED_AFTER
from tests.support.live_server import ROOT, free_port

pytestmark = pytest.mark.server

PROGRAM = """
import gc
import sys
from daphne.endpoints import build_endpoint_description_strings
import django
django.setup()
from aiops.web_server import WebServer

async def application(scope, receive, send):
    if scope["path"] == "/whole":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"whole"})
        return
    if scope["path"] == "/collector":
        told = f"{gc.get_threshold()[0]} {gc.get_freeze_count()}".encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": told})
        return
    if scope["path"] == "/late":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"the first part", "more_body": True})
    raise RuntimeError("the database went away")

WebServer(application, build_endpoint_description_strings(host="127.0.0.1", port=int(sys.argv[1]))).run()
"""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    number = free_port()
    running = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(number)],
        cwd=ROOT,
        env={"DJANGO_SETTINGS_MODULE": "aiops.settings"},
    )
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            get(number, "/whole")
            break
        except OSError:
            time.sleep(0.1)
    yield number
    running.kill()
    running.wait(10)


def get(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read()


def test_answer_that_breaks_off_is_cut_off_each_time(port: int) -> None:
    for _ in range(2):  # the second shows that the first did not end the server's own watch
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            get(port, "/late")
    assert get(port, "/whole") == (200, b"whole")


def test_failure_before_the_answer_is_500(port: int) -> None:
    status, body = get(port, "/early")
    assert status == 500
    assert b"database" not in body


def test_forms_are_left_to_the_application(port: int) -> None:
    """Twisted would take the body apart, find no boundary, and answer 400 itself."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("POST", "/whole", b"no form at all", {"Content-Type": "multipart/form-data"})
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (200, b"whole")
    connection.close()


def test_what_was_there_at_the_start_is_not_looked_through_for_rings(port: int) -> None:
    threshold, frozen = map(int, get(port, "/collector")[1].split())
    assert threshold == COLLECTED_AFTER
    assert frozen > 10_000
