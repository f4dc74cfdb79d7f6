"""A database that is away for a moment: what was handed a row tries again, a wake-up is left to the next sweep."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from celery.exceptions import Retry
from django.db import OperationalError

from aiops.celery import app
from aiops.patience import PAUSES, PatientTask
from ingestion.claims import LEASE


@pytest.fixture(autouse=True)
def _leave_no_task_behind() -> Iterator[None]:
    yield
    for name in [name for name in app.tasks if name.startswith("tests.")]:
        app.tasks.pop(name)


def away(*_: object) -> None:
    raise OperationalError("connection refused\nIs the server running?")


def task_in_worker(retries: int = 0) -> PatientTask:
    task = app.task(away, name=f"tests.away.{retries}", bind=False)
    task.push_request(called_directly=False, retries=retries, args=(), kwargs={}, id="1", is_eager=True)
    return task  # type: ignore[no-any-return]


def test_every_task_of_the_desk_is_patient() -> None:
    app.loader.import_default_modules()
    ours = [task for name, task in app.tasks.items() if not name.startswith("celery.")]
    assert len(ours) > 15
    assert all(isinstance(task, PatientTask) for task in ours)
    assert sum(PAUSES) < LEASE.total_seconds()


def test_wake_up_is_left_to_the_next_sweep_with_one_line(caplog: pytest.LogCaptureFixture) -> None:
    task = task_in_worker()
    with caplog.at_level(logging.WARNING):
        assert task() is None
    (line,) = caplog.records
    assert "left to the next sweep" in line.getMessage()
    assert line.exc_info is None
    assert "\n" not in line.getMessage()


def test_row_is_tried_again_until_the_pauses_are_used_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    planned: list[float] = []

    def retry(self: PatientTask, *, countdown: float, **_: object) -> Retry:
        planned.append(countdown)
        return Retry()

    monkeypatch.setattr(PatientTask, "retry", retry)
    for attempt in range(len(PAUSES)):
        with pytest.raises(Retry):
            task_in_worker(attempt)(1, "token")
    assert planned == list(PAUSES)
    assert task_in_worker(len(PAUSES))(1, "token") is None
    assert "waits for its lease to end" in caplog.records[-1].getMessage()


def test_called_as_a_function_it_raises() -> None:
    with pytest.raises(OperationalError):
        app.task(away, name="tests.away.direct")()
