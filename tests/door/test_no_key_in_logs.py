"""A key in the query string reaches no log, whatever becomes of the request."""

from __future__ import annotations

import http.client
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.logs import JsonFormatter, TextFormatter
from tests.support.alerts import data_factory_alert
from tests.support.live_server import LiveServer

BAD_KEY = "a-wrong-key-987654321"
DATABASE = "desk.sqlite3"
ALERT = json.dumps(data_factory_alert()).encode()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LiveServer]:
    running = LiveServer(
        tmp_path, {"LOG_LEVEL": "debug", "DATABASE_URL": f"sqlite:///{tmp_path}/{DATABASE}"}
    ).start()
    yield running
    running.kill()


def ask(server: LiveServer, method: str, path: str, body: bytes = b"", **headers: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        connection.request(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()})
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.server
def test_key_in_the_query_is_in_no_line_of_the_log(server: LiveServer) -> None:
    good, bad = f"?api_key={server.api_key}", f"?api_key={BAD_KEY}"
    told = {
        "good": ask(server, "POST", f"/azure-monitor{good}", ALERT),
        "bad": ask(server, "POST", f"/azure-monitor{bad}", ALERT),
        "malformed": ask(server, "POST", f"/azure-monitor/{good}", b"{no"),
        "fault in a body": ask(server, "POST", f"/databricks-monitor{good}", b'{"event": [1]}'),
        "too large": ask(server, "POST", f"/azure-monitor{good}", b" " * 1_100_000),
        "not found": ask(server, "POST", f"/azure-monitors{good}", ALERT),
        "wrong method": ask(server, "PUT", f"/azure-monitor{bad}", ALERT),
        "wrong host": ask(server, "POST", f"/azure-monitor{good}", ALERT, Host="elsewhere.example"),
        "too many fields": ask(server, "POST", f"/azure-monitor{good}{'&x=1' * 2000}", ALERT),
        "question": ask(server, "GET", f"/check-ticket/1{good}"),
        "socket": ask(
            server, "GET", f"/ws{good}", Connection="Upgrade", Upgrade="websocket",
            Sec_WebSocket_Key="x3JJHMbDL1EzLkh9GBhXDw==", Sec_WebSocket_Version="13",
        ),
    }  # fmt: skip
    assert told["good"] == told["fault in a body"] == 202
    assert (told["bad"], told["malformed"], told["too large"], told["question"]) == (401, 400, 413, 200)
    assert (told["not found"], told["wrong method"], told["wrong host"]) == (404, 405, 400)
    (server.data_dir / DATABASE).write_bytes(b"no database at all" * 1000)
    for extra in server.data_dir.glob(f"{DATABASE}-*"):
        extra.unlink()
    login = json.dumps({"email": "a@example.com", "password": "x"}).encode()
    fault = ask(server, "POST", f"/api/login{good}", login, Content_Type="application/json")
    assert fault == 500
    server.stop()
    log = server.log.read_text()
    assert "Traceback" in log, "the fault was to be in the log, or this test proves nothing"
    shown_once = re.sub(r"Webhook key .*", "", log)
    assert server.api_key not in shown_once
    assert BAD_KEY not in log


DAPHNES_OWN_WORDS = (
    "Application instance for connection <WebRequest at 0x7f uri=/azure-monitor?api_key=%s> was killed."
)


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()], ids=["text", "json"])
def test_address_that_a_library_logs_loses_its_key(formatter: logging.Formatter) -> None:
    record = logging.LogRecord("daphne", logging.WARNING, "", 0, DAPHNES_OWN_WORDS, (BAD_KEY,), None)
    line = formatter.format(record)
    assert "/azure-monitor?api_key=[[REDACTED_SECRET]]" in line
    assert BAD_KEY not in line


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()], ids=["text", "json"])
def test_key_in_an_exception_is_masked_in_its_trace(formatter: logging.Formatter) -> None:
    try:
        raise ValueError(f"cannot read /azure-monitor?api_key={BAD_KEY}")  # noqa: TRY301
    except ValueError as error:
        record = logging.LogRecord(
            "x", logging.ERROR, "", 0, "fault", (), (ValueError, error, error.__traceback__)
        )
    line = formatter.format(record)
    assert "ValueError: cannot read" in line
    assert BAD_KEY not in line
