"""One change to many dashboards: from the alert's commit until the last socket holds the frame."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from bench.alerts import alert_body
from bench.results import Aim, Context, Result
from bench.servers import KEY, ROOT, Server, running

TITLE = "Fan-out"

SOCKETS = 1_000
CHANGES = 10
BUSY_RATE = 100
"""Changes a second while the page is busy (issue 9's figure)."""
MAKE_SCRIPT = (
    "from accounts.models import User; from accounts.tokens import tokens_for; "
    "u = User.objects.create_superuser('bench@example.com', 'bench'); print(tokens_for(u)['token'])"
)


def run(context: Context) -> Result:
    """Time to the last socket, in milliseconds, for changes that come alone and amid BUSY_RATE others a second.

    The commit lies between the alert's posting and its answer, so both are given: `after the post` bounds the time
    since the commit from above, `after the answer` from below. The reference is given changes that come alone.
    """
    result = Result(TITLE)
    ours = Server("fan-out", "aiops.asgi:application", context.folder / "fanout")
    stock = Server("group_send", "bench.references.grouped:application", context.folder / "fanout-grouped")
    quiet: dict[str, list[_Change]] = {ours.name: [], stock.name: []}
    busy: list[_Change] = []
    with running([ours, stock]):
        tokens = {server.name: _token(server) for server in (ours, stock)}
        for _ in range(context.rounds):
            for server in (ours, stock):
                with _listening(server, tokens[server.name]) as listeners:
                    quiet[server.name] += [_one_change(server, listeners) for _ in range(CHANGES)]
                    if server is ours:
                        with _other_changes(server):
                            busy += [_one_change(server, listeners) for _ in range(CHANGES)]
    result.rows[f"{SOCKETS} sockets, one change alone"] = _figures(quiet[ours.name])
    result.rows[f"{SOCKETS} sockets, {BUSY_RATE} changes a second"] = _figures(busy, with_cpu=False)
    result.rows[f"{SOCKETS} consumers in a group, one change alone"] = _figures(quiet[stock.name])
    result.aims += _aims(quiet[ours.name], quiet[stock.name])
    result.notes.append(
        "The sockets are read by one other process on the same two cores; its reading is included. "
        "`server CPU` is all that the server spent on one change: alert, ticket, event, 1,000 frames. In the "
        "reference each socket's consumer is in a group of Channels' in-memory layer, and a change is one group_send."
    )
    return result


def _aims(ours: list[_Change], stock: list[_Change]) -> list[Aim]:
    after_post = statistics.median(change.after_post for change in ours)
    times = after_post / statistics.median(change.after_post for change in stock)
    spent = statistics.mean(change.cpu for change in ours) / statistics.mean(change.cpu for change in stock)
    return [
        Aim("last of 1,000 sockets after the post of the alert, ms, median", after_post, at_most=100),
        Aim("processor time of a change against group_send in memory", spent, at_most=1 / 6),
        Aim("last socket after the post against group_send in memory", times, at_most=1 / 6),
    ]


class _Change:
    """One alert's way to all sockets."""

    def __init__(self, posted: float, answered: float, arrived: float, cpu: float) -> None:
        self.after_post = (arrived - posted) * 1000
        self.after_answer = (arrived - answered) * 1000
        self.cpu = cpu * 1000


def _figures(changes: list[_Change], *, with_cpu: bool = True) -> dict[str, float]:
    after_post = [change.after_post for change in changes]
    figures = {
        "after the post, best ms": min(after_post),
        "median ms": statistics.median(after_post),
        "worst ms": max(after_post),
        "after the answer, median ms": statistics.median(change.after_answer for change in changes),
    }
    if with_cpu:
        figures["server CPU ms a change"] = statistics.mean(change.cpu for change in changes)
    return figures


def _token(server: Server) -> str:
    environment = {
        "PATH": os.environ["PATH"], "AIOPS_DATA_DIR": str(server.folder), "PUBLIC_BASE_URL": server.url,
    }  # fmt: skip
    told = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", MAKE_SCRIPT],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return told.stdout.split()[-1]


@contextmanager
def _listening(server: Server, token: str) -> Iterator[subprocess.Popen[str]]:
    """SOCKETS open sockets in a process of their own, so that their reading does not delay the clock here."""
    command = [sys.executable, "-m", "bench.listeners", str(server.port), token, str(SOCKETS)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as listeners:
        try:
            assert listeners.stdout is not None
            if listeners.stdout.readline().strip() != "ready":
                raise RuntimeError("the sockets did not open")
            time.sleep(1)
            yield listeners
        finally:
            listeners.kill()


@contextmanager
def _other_changes(server: Server) -> Iterator[None]:
    """BUSY_RATE other alerts a second, for as long as it is needed."""
    ended = threading.Event()

    def post_on() -> None:
        due = time.monotonic()
        while not ended.is_set():
            _post(server, str(uuid.uuid4()))
            due += 1 / BUSY_RATE
            ended.wait(max(0.0, due - time.monotonic()))

    thread = threading.Thread(target=post_on)
    thread.start()
    try:
        time.sleep(0.5)
        yield
    finally:
        ended.set()
        thread.join()


def _one_change(server: Server, listeners: subprocess.Popen[str]) -> _Change:
    assert listeners.stdin is not None
    assert listeners.stdout is not None
    run_id = str(uuid.uuid4())
    listeners.stdin.write(f"{run_id}\n")
    listeners.stdin.flush()
    time.sleep(0.02)
    cpu = server.cpu_seconds()
    posted = time.monotonic()
    _post(server, run_id)
    answered = time.monotonic()
    arrived = float(listeners.stdout.readline())
    change = _Change(posted, answered, arrived, server.cpu_seconds() - cpu)
    time.sleep(0.3)
    return change


def _post(server: Server, run_id: str) -> None:
    request = urllib.request.Request(f"{server.url}/azure-monitor", alert_body(run_id), {"X-Api-Key": KEY})
    urllib.request.urlopen(request, timeout=10).close()
