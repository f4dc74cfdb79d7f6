"""The API over the wire, as somebody scripting against it meets it: the real server, a real client, the schema."""

from __future__ import annotations

import csv
import http.client
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.support.alerts import data_factory_alert
from tests.support.live_server import ROOT, LiveServer
from tests.support.together import at_once

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("the API of one server")]

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
    "ignored_auth,unsupported_method"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    running = LiveServer(tmp_path_factory.mktemp("api"), {"REGISTRATION": "open"}).start()
    yield running
    running.kill()


@pytest.fixture(scope="module")
def token(server: LiveServer) -> str:
    return server.token()


def new_ticket(server: LiveServer) -> str:
    status, answer = server.call("/azure-monitor", data_factory_alert(), key=server.api_key)
    assert status == 202
    return str(answer["ticket_id"])


def ask(server: LiveServer, path: str, token: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
    return connection.getresponse()


def test_schema_holds_against_generated_requests(server: LiveServer, token: str, tmp_path: Path) -> None:
    """No 500, no undocumented status, no answer that differs from its schema."""
    settings = tmp_path / "schemathesis.toml"
    settings.write_text(f'[parameters]\n"path.key" = "{new_ticket(server)}"\n')
    ended = subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")), "--no-color", "--config-file", str(settings), "run",
            f"{server.url}/api/schema/", "-H", f"Authorization: Bearer {token}", "--checks", CHECKS,
            "--phases", "coverage,fuzzing", "--max-examples", "5", "--seed", "1", "--workers", "1",
        ],
        cwd=tmp_path, capture_output=True, text=True, timeout=480, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout[-6000:]
    tested = re.search(r"Tested: (\d+)", ended.stdout)
    assert tested is not None
    assert int(tested[1]) >= 21


def test_two_analysts_at_once_close_a_ticket_once(server: LiveServer, token: str) -> None:
    key = new_ticket(server)

    def acknowledge(number: int) -> tuple[int, Any]:
        return server.call(f"/api/tickets/{key}/acknowledge", {"note": f"by {number}"}, token=token)

    answers = at_once(*(partial(acknowledge, number) for number in range(4)))
    assert [status for status, _ in answers] == [200] * 4
    assert len({answer["ticket"]["resolution_note"] for _, answer in answers}) == 1
    actions = [entry["action"] for entry in answers[0][1]["ticket"]["timeline"]]
    assert actions.count("Ticket Closed") == 1


def test_export_streams_and_is_recorded_even_when_the_reader_goes_away(
    server: LiveServer, token: str
) -> None:
    new_ticket(server)
    since = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    answer = ask(server, "/api/export/audit-trail", token)
    assert answer.getheader("Transfer-Encoding") == "chunked"
    rows = list(csv.DictReader(line.decode() for line in answer))
    assert {"Ticket Created", "Data Export Started"} <= {row["action"] for row in rows}
    left = ask(server, "/api/export/open-tickets", token)
    left.read(1)
    left.close()
    deadline = time.monotonic() + 10
    ended: list[Any] = []
    while len(ended) < 2 and time.monotonic() < deadline:
        ended = server.call(f"/api/audit-trail?action=Data%20Exported&since={since}", token=token)[1][
            "audits"
        ]
        time.sleep(0.05)
    assert [entry["details"]["export"] for entry in ended] == ["open_tickets", "audit_trail"]


def test_too_large_body_is_413_in_the_common_form(server: LiveServer, token: str) -> None:
    status, answer = server.call("/api/login", {"email": "a@b.co", "password": "x" * 2_000_000})
    assert (status, answer["code"], answer["fields"]) == (413, "too_large", {})


def test_person_who_loses_the_role_is_out_on_the_next_call(server: LiveServer) -> None:
    body = {"email": "eve@example.com", "password": "a Long sentence 7", "full_name": "Eve"}
    status, eve = server.call("/api/register", body)
    assert status == 201
    assert server.call("/api/open-tickets", token=eve["token"])[0] == 200
    script = (
        "import django; django.setup();"
        "from accounts import services; from accounts.models import User;"
        "services.set_role(User.objects.get(email='eve@example.com'), None)"
    )
    subprocess.run(
        [sys.executable, "-c", script],
        env={
            "DJANGO_SETTINGS_MODULE": "aiops.settings",
            "AIOPS_DATA_DIR": str(server.data_dir),
            **server.services,
        },
        check=True,
    )
    assert server.call("/api/open-tickets", token=eve["token"])[0] == 401
    status, again = server.call("/api/login", {"email": body["email"], "password": body["password"]})
    assert status == 200
    assert server.call("/api/open-tickets", token=again["token"])[0] == 403
    assert json.dumps(again["user"]["roles"]) == "[]"


def test_counters_equal_the_tickets_after_alerts_through_the_door(server: LiveServer, token: str) -> None:
    """Last in the module: whatever the tests before it did is counted too."""
    body = data_factory_alert()
    for _ in range(3):
        server.call("/azure-monitor", body, key=server.api_key)
    server.call(f"/api/tickets/{new_ticket(server)}/acknowledge", {}, token=token)
    summary = server.call("/api/summary", token=token)[1]
    assert summary["total_tickets"] >= 2
    assert sum(summary["by_severity"].values()) == summary["total_tickets"]
    check = subprocess.run(
        [sys.executable, "manage.py", "rebuild_counters", "--check"],
        env={"AIOPS_DATA_DIR": str(server.data_dir), **server.services},
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (check.returncode, check.stdout) == (0, "The counters equal the tickets.\n"), check.stderr
