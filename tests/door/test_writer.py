"""The writer's bounds and its end, and the pressure it puts on the workers."""

from __future__ import annotations

import asyncio
import time

import pytest

from ingestion.answers import Answer
from ingestion.fast_door import writer as writer_module
from ingestion.fast_door.pressure import LONGEST_WAIT, Pressure
from ingestion.fast_door.writer import Writer
from ingestion.models import AlertEvent
from ingestion.reading import Inbound
from ingestion.sources import registry
from tests.support.faces import FastFace


def submit(writer: Writer, bodies: list[bytes], *, stop: bool = False) -> list[Answer]:
    async def ask() -> list[Answer]:
        waiting = [writer.submit(registry()["adf"], Inbound(body)) for body in bodies]
        if stop:
            await asyncio.to_thread(writer.stop)
        return await asyncio.gather(*waiting)

    return asyncio.run(ask())


def test_full_queue_is_503_with_retry_after(monkeypatch: pytest.MonkeyPatch, fast_face: FastFace) -> None:
    monkeypatch.setattr(writer_module, "MOST_WAITING", 3)
    monkeypatch.setattr(Writer, "_start", lambda self: None)  # nobody takes anything out
    stuck = Writer()

    async def fill() -> list[Answer]:
        waiting = [stuck.submit(registry()["adf"], Inbound(b"{}")) for _ in range(5)]
        return [await future for future in waiting if future.done()]

    refused = asyncio.run(fill())
    assert [answer.http_status for answer in refused] == [503, 503]
    assert refused[0].headers["Retry-After"]


def test_queue_is_bounded_in_bytes_too(monkeypatch: pytest.MonkeyPatch, fast_face: FastFace) -> None:
    monkeypatch.setattr(writer_module, "MOST_BYTES_WAITING", 1_000)
    start = Writer._start
    monkeypatch.setattr(Writer, "_start", lambda self: None)  # nobody takes anything out yet

    async def ask() -> list[Answer]:
        writer = fast_face.writer
        waiting = [writer.submit(registry()["adf"], Inbound(body)) for body in (b"x" * 1_500, b"{}")]
        start(writer)
        return await asyncio.gather(*waiting)

    assert [answer.http_status for answer in asyncio.run(ask())] == [400, 503]
    assert submit(fast_face.writer, [b"{}"])[0].http_status == 202


def test_stop_commits_what_waits_and_refuses_what_comes_later(fast_face: FastFace) -> None:
    told = submit(fast_face.writer, [b"{}"] * 150, stop=True)
    assert [answer.http_status for answer in told] == [202] * 150
    assert AlertEvent.objects.count() == 150
    assert submit(fast_face.writer, [b"{}"])[0].http_status == 503


def test_workers_wait_while_a_storm_lasts_and_no_longer_than_the_bound() -> None:
    def seconds_in_calm() -> float:
        pressure = Pressure()
        started = time.monotonic()
        pressure.give_way()
        pressure.note_batch(1)
        pressure.give_way()
        return time.monotonic() - started

    assert min(seconds_in_calm() for _ in range(5)) < 0.1
    pressure = Pressure()
    started = time.monotonic()
    pressure.note_batch(64)
    pressure.give_way()
    assert 0.1 < time.monotonic() - started < LONGEST_WAIT
    pressure._storm_until = time.monotonic() + 60
    started = time.monotonic()
    pressure.give_way()
    assert LONGEST_WAIT <= time.monotonic() - started < LONGEST_WAIT + 3
