"""From the answer to the alert until Slack is asked to post: a Slack on this machine writes down when that was."""

from __future__ import annotations

import json
import statistics
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from bench.alerts import alert_body
from bench.results import Aim, Context, Result
from bench.servers import KEY, Server, running

TITLE = "Alert to Slack"

ALERTS = 20
LONGEST_WAIT = 10.0


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
    """Milliseconds over ALERTS alerts a round, one after the other, in one process with its worker."""
    result = Result(TITLE)
    with recording_slack() as slack:
        server = Server(
            "notice", "aiops.asgi:application", context.folder / "notice", with_worker=True,
            environment={"SLACK_BOT_TOKEN": "xoxb-bench", "SLACK_API_URL": slack.url, "RCA_PROVIDERS": "rules"},
        )  # fmt: skip
        with running([server]):
            _wait(server, slack)  # the first alert loads the client and the catalogue
            times = [_wait(server, slack) for _ in range(ALERTS * context.rounds)]
    ordered = sorted(times)
    result.rows["embedded, sqlite"] = {
        "p50 ms": statistics.median(times),
        "p95 ms": ordered[int(len(ordered) * 0.95)],
        "worst ms": ordered[-1],
    }
    result.aims.append(
        Aim("alert answered to Slack asked, embedded, p50 ms", statistics.median(times), at_most=150)
    )
    return result


@contextmanager
def recording_slack() -> Iterator[RecordingSlack]:
    slack = RecordingSlack()
    threading.Thread(target=slack.serve_forever, daemon=True).start()
    try:
        yield slack
    finally:
        slack.shutdown()


def _wait(server: Server, slack: RecordingSlack) -> float:
    slack.posted.clear()
    slack.has_posted.clear()
    request = urllib.request.Request(f"{server.url}/azure-monitor", alert_body(), {"X-Api-Key": KEY})
    urllib.request.urlopen(request, timeout=10).close()
    answered = time.perf_counter()
    if not slack.has_posted.wait(LONGEST_WAIT):
        raise RuntimeError("no message was posted to Slack")
    time.sleep(0.3)
    return (slack.posted[0] - answered) * 1e3
