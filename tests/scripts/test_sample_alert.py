"""post_sample_alert.sh against a real listener: what arrives, with which credential, what is said of it."""

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.scripts.fakes import ENCODED_KEY, KEY, Bench, said

SCRIPT = "post_sample_alert.sh"


class Desk:
    """Stands where the desk would: keeps requests, answers one status."""

    def __init__(self) -> None:
        self.status = 202
        self.requests: list[tuple[str, dict[str, str], Any]] = []
        self.url = ""


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            desk.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            answer = b'{"status": "accepted"}'
            self.send_response(desk.status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    desk.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield desk
    server.shutdown()
    server.server_close()


def test_alert_arrives_in_the_common_schema_with_run_and_error(bench: Bench, desk: Desk) -> None:
    result = bench.run(SCRIPT, "--url", desk.url, "--run-id", "run-7", "--pipeline", "Fin_Load")

    assert result.returncode == 0, said(result)
    path, headers, body = desk.requests[0]
    assert path == "/azure-monitor"
    assert headers["x-api-key"] == KEY
    assert headers["content-type"] == "application/json"
    assert body["schemaId"] == "azureMonitorCommonAlertSchema"
    assert body["data"]["essentials"]["monitorCondition"] == "Fired"
    dimensions = {
        d["name"]: d["value"] for d in body["data"]["alertContext"]["condition"]["allOf"][0]["dimensions"]
    }
    assert dimensions["PipelineRunId"] == "run-7"
    assert dimensions["PipelineName"] == "Fin_Load"
    assert "UserErrorSourceBlobNotExist" in dimensions["ErrorMessage"]
    assert '"status": "accepted"' in result.stdout


def test_sample_has_the_dimensions_of_the_rule_that_the_set_up_makes(bench: Bench, desk: Desk) -> None:
    bench.run(SCRIPT, "--url", desk.url)

    condition = desk.requests[0][2]["data"]["alertContext"]["condition"]["allOf"][0]
    names = [dimension["name"] for dimension in condition["dimensions"]]
    assert names == ["PipelineRunId", "PipelineName", "ActivityName", "ErrorCode", "ErrorMessage"]


def test_two_calls_invent_two_runs(bench: Bench, desk: Desk) -> None:
    bench.run(SCRIPT, "--url", desk.url)
    bench.run(SCRIPT, "--url", desk.url)

    runs = {
        body["data"]["alertContext"]["condition"]["allOf"][0]["dimensions"][0]["value"]
        for _, _, body in desk.requests
    }
    assert len(runs) == 2


def test_key_travels_where_it_was_asked_to(bench: Bench, desk: Desk) -> None:
    bench.run(SCRIPT, "--url", desk.url, "--auth", "query")
    bench.run(SCRIPT, "--url", desk.url, "--auth", "basic")

    (query, plain, _), (_, basic, _) = desk.requests
    assert query == f"/azure-monitor?api_key={ENCODED_KEY}"
    assert "x-api-key" not in plain
    scheme, _, login = basic["authorization"].partition(" ")
    assert (scheme, base64.b64decode(login).decode()) == ("Basic", f"sample:{KEY}")


def test_key_with_quotes_and_backslashes_arrives_whole(bench: Bench, desk: Desk) -> None:
    bench.environment["RCA_API_KEY"] = 'a"b\\c'

    bench.run(SCRIPT, "--url", desk.url)

    assert desk.requests[0][1]["x-api-key"] == 'a"b\\c'


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "does not know this key"),
        (404, "is not the desk"),
        (503, "busy"),
        (500, "unexpected answer 500"),
    ],
)
def test_refusal_is_explained(bench: Bench, desk: Desk, status: int, words: str) -> None:
    desk.status = status

    result = bench.run(SCRIPT, "--url", desk.url)

    assert result.returncode == 1
    assert words in result.stderr


def test_key_is_never_an_argument_or_printed(bench: Bench, desk: Desk) -> None:
    outputs = [said(bench.run(SCRIPT, "--url", desk.url, "--auth", w)) for w in ("header", "query", "basic")]

    arguments = " ".join(part for call in bench.calls("curl") for part in call.argv)
    for text in (*outputs, arguments):
        assert KEY not in text
        assert ENCODED_KEY not in text


def test_dry_run_posts_nothing(bench: Bench, desk: Desk) -> None:
    result = bench.run(SCRIPT, "--url", desk.url, "--dry-run")

    assert result.returncode == 0
    assert desk.requests == []
    assert bench.calls("curl") == []
    assert "azureMonitorCommonAlertSchema" in result.stdout


@pytest.mark.parametrize(
    ("flags", "words"),
    [(("--auth", "jwt"), "--auth must be"), (("--url", "ftp://x"), "--url must be"), (("--nope",), "--nope")],
)
def test_bad_flags_are_named(bench: Bench, flags: tuple[str, ...], words: str) -> None:
    result = bench.run(SCRIPT, *flags)

    assert result.returncode == 2
    assert words in result.stderr
