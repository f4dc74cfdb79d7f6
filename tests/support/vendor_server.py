"""A vendor on loopback: a real HTTP server that answers by script and records what arrives.

Answers of a route are used in order and the last one repeats, so one `Answer` is a stable route and
`Answer(status=500), ok({})` is a hiccup. A request to a path that has no route is answered 404 and recorded.
"""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Received:
    """One request as it arrived. Header names are in lower case; of repeated query names the last is kept."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        return {name: values[-1] for name, values in parse_qs(self.body.decode()).items()}


@dataclass(frozen=True)
class Answer:
    """What to send back. `delay` and `drip` (pause before each byte of the body) are in seconds.

    `cut` is "" (none), "before" (the request is read and the connection closed without an answer) or "body"
    (the connection closes after half of the announced body).
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    drip: float = 0.0
    cut: str = ""


Script = Answer | Callable[[Received], Answer]


def ok(document: object, status: int = 200, **headers: str) -> Answer:
    """A JSON answer. Header names are given with underscores: `Retry_After="1"`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, json.dumps(document).encode(), {"Content-Type": "application/json", **named})


def html(status: int, title: str = "Sign in") -> Answer:
    page = f"<!DOCTYPE html><html><head><title>{title}</title></head><body><p>…</p></body></html>"
    return Answer(status, page.encode(), {"Content-Type": "text/html; charset=utf-8"})


def gzip_bomb(unfolded_bytes: int) -> Answer:
    packed = gzip.compress(b" " * unfolded_bytes)
    return Answer(200, packed, {"Content-Type": "application/json", "Content-Encoding": "gzip"})


class VendorServer:
    """Routes, and the requests that came. Safe to use from the test while the server's threads run."""

    def __init__(self) -> None:
        self._routes: dict[tuple[str, str], list[Script]] = {}
        self._lock = threading.Lock()
        self._requests: list[Received] = []
        self._wider: list[tuple[str, Callable[[Received], Answer]]] = []
        self.stopping = threading.Event()
        self.url = ""

    def on(self, method: str, path: str, *answers: Script) -> None:
        """Answer `method path` by these scripts; replaces what was set before."""
        with self._lock:
            self._routes[method, path] = list(answers)

    def under(self, prefix: str, script: Callable[[Received], Answer]) -> None:
        """Answer what no route of its own answers under a path's beginning: for vendors with a memory."""
        with self._lock:
            self._wider.append((prefix, script))

    @property
    def requests(self) -> list[Received]:
        with self._lock:
            return list(self._requests)

    def to(self, path: str) -> list[Received]:
        return [request for request in self.requests if request.path == path]

    def answer(self, request: Received) -> Answer:
        with self._lock:
            self._requests.append(request)
            scripts = self._routes.get((request.method, request.path))
            wider = next((s for prefix, s in self._wider if request.path.startswith(prefix)), None)
            if not scripts and wider is not None:
                script: Script = wider
            elif not scripts:
                script = ok({"error_code": "NO_ROUTE", "message": "no such route in this test"}, 404)
            else:
                script = scripts.pop(0) if len(scripts) > 1 else scripts[0]
        return script if isinstance(script, Answer) else script(request)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    vendor: VendorServer

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        request = Received(
            method=self.command,
            path=parts.path,
            query={
                name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()
            },
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length) if length else b"",
        )
        answer = self.vendor.answer(request)
        if answer.delay:
            self.vendor.stopping.wait(answer.delay)
        if answer.cut == "before":
            self._cut()
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self._send_body(answer)

    def _send_body(self, answer: Answer) -> None:
        if answer.cut == "body":
            self.wfile.write(answer.body[: len(answer.body) // 2])
            self._cut()
        elif answer.drip:
            for byte in answer.body:
                if self.vendor.stopping.is_set():
                    break
                time.sleep(answer.drip)
                self.wfile.write(bytes([byte]))
        else:
            self.wfile.write(answer.body)

    def _cut(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _serve  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: the test asserts on `requests`."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is part of the play."""


@contextmanager
def serving() -> Iterator[VendorServer]:
    """A running VendorServer on a free loopback port; stopped, with its open connections, at the end."""
    vendor = VendorServer()
    handler = type("Handler", (_Handler,), {"vendor": vendor})
    server = _Server(("127.0.0.1", 0), handler)
    vendor.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield vendor
    finally:
        vendor.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
