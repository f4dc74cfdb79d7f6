"""One thread with one connection that commits the alerts of all requests, up to 64 in a transaction.

A caller is answered after the commit of its own alert and never before. The queue is bounded: what does not
fit, or finds the database away, is answered 503 so that the sender tries again.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, connections

from ingestion import answers, services
from ingestion.answers import Answer
from ingestion.fast_door.pressure import pressure
from ingestion.identity import CREATED, REOPENED
from ingestion.reading import Inbound, read
from ingestion.sources.base import SourceSpec

logger = logging.getLogger(__name__)

MOST_AT_ONCE = 64
MOST_BYTES_AT_ONCE = 8 * 1024 * 1024
MOST_WAITING = 2_000
MOST_BYTES_WAITING = 64 * 1024 * 1024
COUNT_LASTS = 1.0
LEAST_LOCK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Job:
    """One alert, and where its caller waits for the answer."""

    spec: SourceSpec
    inbound: Inbound
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Answer]
    queued_at: float = field(default_factory=time.monotonic)


class Writer:
    """`submit` is called in event loops; the thread starts with the first alert and ends with `stop()`."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._backlog = Backlog()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_closed = False
        # Each of the two is written by one side only, so that no lock is needed.
        self._bytes_taken_in = 0
        self._bytes_written = 0

    def submit(self, spec: SourceSpec, inbound: Inbound) -> asyncio.Future[Answer]:
        """The answer to come; it is there at once when the alert cannot be queued."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        if refusal := self._refusal():
            future.set_result(refusal)
            return future
        self._bytes_taken_in += len(inbound.body)
        self._jobs.put(Job(spec, inbound, loop, future))
        if self._thread is None:
            self._start()
        return future

    def refuse(self) -> None:
        """Take nothing in from now on; what waits is committed and answered."""
        self._is_closed = True

    def stop(self, seconds: float = 15.0) -> bool:
        """Refuse what comes from now on, commit what waits, end; False when that took too long."""
        with self._lock:
            self.refuse()
            thread = self._thread
        if thread is None:
            return True
        self._jobs.put(None)
        thread.join(seconds)
        return not thread.is_alive()

    def _refusal(self) -> Answer | None:
        if self._is_closed:
            return answers.refused(
                503, "The server is stopping; try again.", Retry_After=services.RETRY_AFTER_SECONDS
            )
        waiting_bytes = self._bytes_taken_in - self._bytes_written
        if self._jobs.qsize() >= MOST_WAITING or waiting_bytes >= MOST_BYTES_WAITING:
            return answers.refused(
                503, "Too many alerts at once; try again.", Retry_After=services.RETRY_AFTER_SECONDS
            )
        return None

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="aiops-writer", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        try:
            while jobs := self._take():
                told = self._write(jobs)
                self._bytes_written += sum(len(job.inbound.body) for job in jobs)
                _tell(jobs, told)
                pressure.note_batch(len(jobs))
        finally:
            connections.close_all()

    def _take(self) -> list[Job]:
        """Wait for an alert, then take all that wait with it; nothing when the writer is to end."""
        first = self._jobs.get()
        if first is None:
            return []
        jobs, size = [first], len(first.inbound.body)
        while len(jobs) < MOST_AT_ONCE and size < MOST_BYTES_AT_ONCE:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                self._jobs.put(None)  # nothing comes after it: the next turn ends
                break
            jobs.append(job)
            size += len(job.inbound.body)
        return jobs

    def _write(self, jobs: Sequence[Job]) -> list[Answer]:
        readings = [read(job.spec, job.inbound) for job in jobs]
        for attempt in (1, 2):
            # A server or a firewall may have cut a connection that was idle: once more, on a new one. A file
            # that is locked stays locked.
            may_be_cut = connection.connection is not None and connection.vendor != "sqlite"
            try:
                told = services.receive_together(
                    readings, self._backlog.waiting(), lock_seconds=_lock_seconds(jobs)
                )
            except (OperationalError, InterfaceError) as error:
                connection.close()
                if attempt == 1 and may_be_cut:
                    continue
                return [services.database_away(error)] * len(jobs)
            except Exception as error:  # senders are told to try again, and the thread lives on
                logger.exception("A batch of alerts could not be written")
                connection.close()
                return [services.database_away(error)] * len(jobs)
            self._backlog.grow(told)
            return told
        raise AssertionError("unreachable")


def _lock_seconds(jobs: Sequence[Job]) -> float:
    """What the time in the queue, behind a batch that waited in vain, has left of the first one's wait for a lock."""
    return max(LEAST_LOCK_SECONDS, services.LOCK_SECONDS - (time.monotonic() - jobs[0].queued_at))


def _tell(jobs: Sequence[Job], told: Sequence[Answer]) -> None:
    """Hand the answers to their callers, with one call into each event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Answer], Answer]]] = {}
    for job, answer in zip(jobs, told, strict=True):
        by_loop.setdefault(job.loop, []).append((job.future, answer))
    for loop, pairs in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_resolve, pairs)


def _resolve(pairs: Sequence[tuple[asyncio.Future[Answer], Answer]]) -> None:
    for future, answer in pairs:
        if not future.done():
            future.set_result(answer)


class Backlog:
    """How many tickets wait for the workers, without a query per alert.

    Counted at most once a second, and always before anything is refused; in between it grows by what this
    process opens.
    """

    def __init__(self) -> None:
        self._count = 0
        self._counted_at = float("-inf")

    def waiting(self) -> int:
        is_old = time.monotonic() - self._counted_at > COUNT_LASTS
        if is_old or self._count + MOST_AT_ONCE >= settings.INGESTION_QUEUE_LIMIT:
            self._count = services.waiting_count()
            self._counted_at = time.monotonic()
        return self._count

    def grow(self, told: Sequence[Answer]) -> None:
        self._count += sum(
            entry["status"] in {CREATED, REOPENED}
            for answer in told
            for entry in answer.body.get("tickets", ())
        )
