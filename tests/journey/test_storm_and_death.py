"""The real server under load: a storm is answered 202 throughout, and what was answered survives any death."""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.alerts import data_factory_alert, data_factory_forms, databricks_forms
from tests.support.live_server import LiveServer
from tests.support.senders import Make, Senders

pytestmark = pytest.mark.server

COPIES = 51


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LiveServer]:
    running = LiveServer(tmp_path, {"INGESTION_QUEUE_LIMIT": "1000000"}).start()
    yield running
    running.kill()


def new_alert() -> tuple[str, dict[str, object]]:
    return "/azure-monitor", data_factory_alert(str(uuid.uuid4()))


def in_turn(forms: list[tuple[str, dict[str, object]]]) -> Make:
    turns = itertools.cycle(forms)
    return lambda: next(turns)


def assert_all_exist(server: LiveServer, accepted: list[dict[str, object]]) -> None:
    missing = []
    for answer in accepted:
        status, found = server.call(f"/check-ticket/{answer['run_id']}", key=server.api_key)
        if status != 200 or found["ticket_id"] != answer["ticket_id"]:
            missing.append((answer, status, found))
    assert not missing, missing[:3]


def test_storm_of_a_thousand_on_fifty_connections_is_answered_202_throughout(server: LiveServer) -> None:
    senders = Senders(server, new_alert, count=50, most=1_000)
    senders.wait()
    assert (senders.others, senders.cut) == ([], 0)
    assert len(senders.accepted) == 1_000
    assert len({answer["ticket_id"] for answer in senders.accepted}) == 1_000


@pytest.mark.parametrize(
    "forms",
    [
        pytest.param(data_factory_forms(str(uuid.uuid4())), id="data-factory"),
        pytest.param(databricks_forms(uuid.uuid4().int % 10**15), id="databricks"),
    ],
)
def test_copies_in_three_forms_at_once_end_in_one_ticket(
    server: LiveServer, forms: list[tuple[str, dict[str, object]]]
) -> None:
    senders = Senders(server, in_turn(forms), count=50, most=COPIES)
    senders.wait()
    assert (senders.others, senders.cut) == ([], 0)
    assert len({answer["ticket_id"] for answer in senders.accepted}) == 1
    assert sorted(answer["status"] for answer in senders.accepted)[:2] == ["accepted", "duplicate_ignored"]


def test_killed_at_any_instant_loses_nothing_that_was_answered(server: LiveServer) -> None:
    accepted: list[dict[str, object]] = []
    for seconds in (0.05, 0.45, 0.8):
        senders = Senders(server, new_alert, count=8)
        senders.wait_for_an_answer()
        time.sleep(seconds)
        server.kill()
        senders.stop()
        assert senders.accepted, "the server was killed before it answered anything"
        assert senders.cut, "the server was not killed under load"
        accepted += senders.accepted
        server.start()
    assert_all_exist(server, accepted)


def test_terminated_under_load_commits_and_answers_what_it_took_in(server: LiveServer) -> None:
    senders = Senders(server, new_alert, count=16)
    senders.wait_for_an_answer()
    time.sleep(0.5)
    started = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - started < 15
    senders.stop()
    assert {status for status, _ in senders.others} <= {503}
    assert "Traceback" not in server.log.read_text()
    server.start()
    assert_all_exist(server, senders.accepted)
    status, told = server.call("/api/summary", token=server.token())
    assert (status, told["total_tickets"]) == (200, len(senders.accepted)), (
        "committed, and its sender not told"
    )
