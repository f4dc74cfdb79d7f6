"""From the answer to the alert until Slack is asked to post: a Slack on this machine writes down when that was."""

from __future__ import annotations

import json
import os
import statistics
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from bench.alerts import alert_body
from bench.results import Aim, Context, Result
from bench.servers import KEY, Program, Server, Started, postgres_database, redis_database, running

TITLE = "Alert to Slack"

ALERTS = 20
LONGEST_WAIT = 10.0
WORKER_START_SECONDS = 60.0
ENTRYPOINT = "docker/entrypoint.sh"
"""Starts web and worker as the image and `make run-*` do."""
WARM_UPS = 20
APART = "web and worker apart, postgresql and redis"


class RecordingSlack(ThreadingHTTPServer):
    """Answers every call with success at once; `posted` holds the moment of each new message."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.posted: list[float] = []
        self.has_posted = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/api/"


class _Handler(BaseHTTPRequestHandler):
    server: RecordingSlack

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        moment, method = time.perf_counter(), urllib.parse.urlsplit(self.path).path.rsplit("/", 1)[-1]
        answer: dict[str, Any] = {
            "ok": True,
            "ts": f"{time.time():.6f}",
            "channel": "C0BENCH",
            "messages": [],
        }
        answer |= {
            "message": {"ts": answer["ts"]},
            "channels": [{"id": "C0BENCH", "name": "aiops-rca-alerts"}],
        }
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        if method == "chat.postMessage":
            self.server.posted.append(moment)
            self.server.has_posted.set()

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, format: str, *args: Any) -> None:
        pass


def run(context: Context) -> Result:
    """Milliseconds over ALERTS alerts a round, one after the other: in one process, and in processes of their own."""
    result = Result(TITLE)
    with recording_slack() as slack, ExitStack() as stack:
        desks: dict[str, Program] = {"embedded, sqlite": _embedded(context, slack, stack)}
        if context.postgres_url and context.redis_url:
            desks[APART] = _apart(context, slack, stack)
        else:
            result.notes.append(
                "Not measured apart: BENCH_POSTGRES_URL and BENCH_REDIS_URL are not both given."
            )
        times: dict[str, list[float]] = {name: [] for name in desks}
        for _ in range(context.rounds):
            for name, desk in desks.items():
                times[name] += [_wait(desk, slack) for _ in range(ALERTS)]
    for name, measured in times.items():
        result.rows[name] = _figures(measured)
        shape, aim = ("with Redis", 60) if name == APART else ("embedded", 150)
        what = f"alert answered to Slack asked, {shape}, p50 ms"
        result.aims.append(Aim(what, statistics.median(measured), at_most=aim))
    return result


def _figures(times: list[float]) -> dict[str, float]:
    ordered = sorted(times)
    return {
        "best ms": ordered[0],
        "p50 ms": statistics.median(ordered),
        "p95 ms": ordered[int(len(ordered) * 0.95)],
        "worst ms": ordered[-1],
    }


def _environment(slack: RecordingSlack) -> dict[str, str]:
    return {"SLACK_BOT_TOKEN": "xoxb-bench", "SLACK_API_URL": slack.url, "RCA_PROVIDERS": "rules"}


def _embedded(context: Context, slack: RecordingSlack, stack: ExitStack) -> Server:
    desk = Server(
        "notice", "aiops.asgi:application", context.folder / "notice", with_worker=True,
        environment=_environment(slack),
    )  # fmt: skip
    stack.enter_context(running([desk]))
    _wait(desk, slack)  # the first alert loads the client and the catalogue
    return desk


def _apart(context: Context, slack: RecordingSlack, stack: ExitStack) -> Program:
    """The web server, beside which a worker runs; without a clock, which has no part in an alert's way."""
    environment = _environment(slack) | {
        "REDIS_URL": stack.enter_context(redis_database(context.redis_url)),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    database = stack.enter_context(postgres_database(context.postgres_url, "bench_notice"))
    folder = context.folder / "notice-apart"
    web = Started("web", (ENTRYPOINT, "web"), folder, database, environment)
    worker = Started("worker", (ENTRYPOINT, "worker"), folder, database, environment)
    stack.enter_context(running([web]))
    stack.callback(worker.stop)
    worker.launch()
    _wait(web, slack, WORKER_START_SECONDS)
    for _ in range(WARM_UPS):  # each child of the worker loads the client and the catalogue by itself
        _wait(web, slack)
    return web


@contextmanager
def recording_slack() -> Iterator[RecordingSlack]:
    slack = RecordingSlack()
    threading.Thread(target=slack.serve_forever, daemon=True).start()
    try:
        yield slack
    finally:
        slack.shutdown()


def _wait(server: Program, slack: RecordingSlack, longest: float = LONGEST_WAIT) -> float:
    slack.posted.clear()
    slack.has_posted.clear()
    request = urllib.request.Request(f"{server.url}/azure-monitor", alert_body(), {"X-Api-Key": KEY})
    urllib.request.urlopen(request, timeout=10).close()
    answered = time.perf_counter()
    if not slack.has_posted.wait(longest):
        raise RuntimeError("no message was posted to Slack")
    time.sleep(0.3)
    return (slack.posted[0] - answered) * 1e3
