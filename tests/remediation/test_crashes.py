"""A worker dies, or an answer is lost, at every line around a call: no run is started twice and none is forgotten."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

import pytest
from django.utils import timezone

from remediation import claims, closing, services
from remediation.models import Attempt
from remediation.playbooks import starting
from remediation.running import calling
from remediation.states import State
from tests.remediation.conftest import Desk
from tests.support.estate import Estate
from tests.support.faults import Fault
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


class Died(BaseException):
    """No `except Exception` stops it: as near to SIGKILL as one process can come."""


def lines_of(*functions: Any) -> list[tuple[str, str, int]]:
    """Every statement of functions, as file, function and line."""
    found = []
    for function in functions:
        source, first = inspect.getsourcelines(function)
        for node in ast.walk(ast.parse("".join(source))):
            if isinstance(node, ast.stmt) and not isinstance(node, ast.FunctionDef):
                found.append((inspect.getfile(function), function.__name__, first + node.lineno - 1))
    return sorted(set(found))


LINES = lines_of(
    calling.begin_call, calling._mark_running, calling.record_started, closing.close_succeeded,
    starting._retry_pipeline, starting._retry_job,
)  # fmt: skip


@contextmanager
def watching(at_line: Callable[[tuple[str, str, int]], None]) -> Iterator[None]:
    """Call `at_line` with file, function and line before each line of the functions in LINES."""
    places = {(file, function) for file, function, _ in LINES}

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        place = (frame.f_code.co_filename, frame.f_code.co_name)
        if place not in places:
            return None
        if event == "line":
            at_line((*place, frame.f_lineno))
        return trace

    old = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(old)


@contextmanager
def dying_at(line: tuple[str, str, int]) -> Iterator[list[bool]]:
    died: list[bool] = []

    def die(reached: tuple[str, str, int]) -> None:
        if reached == line and not died:
            died.append(True)
            raise Died

    with suppress(Died), watching(die):
        yield died


def is_on_the_way(function: str, line: int, kind: str) -> bool:
    """Every line around the call; of the single transaction at the end every third, and once is enough."""
    if function.startswith("_retry_"):
        return kind in function
    if kind == "job":
        return function in {"begin_call", "record_started"}
    return function != "close_succeeded" or line % 3 == 0


FAILING = {"pipeline": "GatewayTimeout", "job": "DRIVER_NOT_RESPONDING", "cluster": "COMMUNICATION_LOST"}


def begin_anew(desk: Desk, estate: Estate, kind: str) -> None:
    """A failure whose attempt is scheduled."""
    if kind == "pipeline":
        estate.pipeline_fails(FAILING[kind])
        ticket = desk.pipeline_ticket()
    elif kind == "job":
        estate.job_fails(FAILING[kind])
        ticket = desk.job_ticket()
    else:
        estate.cluster_ends(FAILING[kind])
        ticket = desk.cluster_ticket()
    assert [attempt.state for attempt in desk.take(ticket)] == [State.SCHEDULED]


def finish(desk: Desk, estate: Estate, kind: str) -> None:
    """The worker comes back, and the vendor's run ends well."""
    for _ in range(3):
        desk.step()
        if Attempt.objects.filter(state=State.SUCCEEDED).exists():
            return
        for run_id, run in list(estate.pipeline_runs.items()):
            if run["status"] == "InProgress":
                estate.end_pipeline_run(run_id)
        if kind == "job" and estate.job_runs["900"]["state"].get("life_cycle_state") == "RUNNING":
            estate.end_job_run()


@pytest.mark.parametrize("kind", ["pipeline", "job"])
def test_death_at_any_line_neither_repeats_nor_forgets_a_run(desk: Desk, estate: Estate, kind: str) -> None:
    begin_anew(desk, estate, kind)
    scheduled = Attempt.objects.values().get()
    passed: set[tuple[str, str, int]] = set()
    with watching(passed.add):
        finish(desk, estate, kind)
    lines = [
        line for line in LINES if line in passed and is_on_the_way(function=line[1], line=line[2], kind=kind)
    ]
    assert len(lines) > (20 if kind == "pipeline" else 8)
    for line in lines:
        estate.effects.clear()
        estate.pipeline_runs.clear()
        (estate.pipeline_fails if kind == "pipeline" else estate.job_fails)(FAILING[kind])
        Attempt.objects.all().delete()
        Attempt.objects.create(**scheduled)
        Ticket.objects.update(status="open")
        with dying_at(line) as died:
            finish(desk, estate, kind)
        assert died, line
        finish(desk, estate, kind)
        assert len(estate.effects) == 1, (line, estate.effects)
        assert Attempt.objects.get().state == State.SUCCEEDED, line
        assert Ticket.objects.get().is_closed, line


@pytest.mark.parametrize("fault", ["500 after", "cut after", "500", "cut before", "429"])
@pytest.mark.parametrize("kind", ["pipeline", "job", "cluster"])
def test_lost_answer_is_looked_for_before_anything_is_repeated(
    desk: Desk, estate: Estate, kind: str, fault: Fault
) -> None:
    call = {"pipeline": "createRun", "job": "jobs/runs/repair", "cluster": "clusters/start"}[kind]
    estate.faults.plan(call, fault)
    begin_anew(desk, estate, kind)
    desk.step(4)
    assert len(estate.effects) == 1, estate.effects
    if kind == "cluster":
        estate.cluster_runs()
    finish(desk, estate, kind)
    assert Attempt.objects.get().state == State.SUCCEEDED
    assert len(estate.effects) == 1


def test_run_now_whose_answer_was_lost_is_found_and_watched(desk: Desk, estate: Estate) -> None:
    estate.faults.plan("jobs/run-now", "cut after", "cut after", "cut after")
    estate.job_fails("DRIVER_NOT_RESPONDING", tasks=[])
    desk.take(desk.job_ticket())
    desk.step(3)
    attempt = Attempt.objects.get()
    assert (attempt.state, estate.writes()) == (State.VERIFYING, ["run-now"])
    estate.end_job_run(attempt.new_run_id)
    assert desk.step() == [State.SUCCEEDED]


def test_two_workers_make_one_call(desk: Desk, estate: Estate) -> None:
    estate.pipeline_fails()
    desk.take(desk.pipeline_ticket())
    Attempt.objects.update(due_at=timezone.now())
    first, second = claims.claim_attempts(timezone.now()), claims.claim_attempts(timezone.now())
    assert (len(first), second) == (1, [])
    services.step(first[0][0], "another token")
    assert estate.writes() == []
    services.step(*first[0])
    assert estate.writes() == ["createRun"]


def test_worker_whose_lease_ran_out_writes_nothing(desk: Desk, estate: Estate) -> None:
    estate.pipeline_fails()
    desk.take(desk.pipeline_ticket())
    Attempt.objects.update(due_at=timezone.now())
    ((attempt_id, token),) = claims.claim_attempts(timezone.now())
    Attempt.objects.update(claim_token="somebody else's")
    services.step(attempt_id, token)
    assert estate.writes() == []
    assert Attempt.objects.get().state == State.SCHEDULED
