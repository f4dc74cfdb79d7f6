"""The Celery worker and the clock inside this process, each in a thread, with a clean end.

The same code runs on Redis when `REDIS_URL` is set; the broker's URL is the only difference.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

from celery.beat import Service
from celery.worker import state as worker_state
from django.conf import settings
from kombu.asynchronous import set_event_loop

from aiops.celery import app
from rca.providers import warm_up

logger = logging.getLogger(__name__)

STOP_SECONDS = 10.0
PAUSE_SECONDS = 1.0
"""Before a worker that ended is started anew: what ended it may still be there."""


class EmbeddedWorker:
    """Starts with `start()`; `stop()` lets the running steps end, for at most STOP_SECONDS."""

    def __init__(self) -> None:
        self._is_ending = threading.Event()
        self._beat = Service(app, max_interval=1.0, scheduler_cls=settings.CELERY_BEAT_SCHEDULER)
        self._threads = [
            threading.Thread(target=self._run_worker, name="aiops-worker", daemon=True),
            threading.Thread(target=self._run_beat, name="aiops-clock", daemon=True),
        ]

    def start(self) -> None:
        warm_up()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._is_ending.set()
        self._beat.stop()
        worker_state.should_stop = 0  # the worker's own way to end: finish what runs, take nothing new
        for thread in self._threads:
            thread.join(STOP_SECONDS / 2)

    def _run_worker(self) -> None:
        """Until the end. Celery ends a worker that it cannot keep, as when its broker dies at a bad moment; elsewhere
        somebody starts the process anew, here nobody would.
        """
        while True:
            try:
                _controller().start()
            except BaseException:
                logger.exception("The embedded worker ended")
            if self._is_ending.wait(PAUSE_SECONDS):
                return
            logger.error("The embedded worker had ended; it is started anew")

    def _run_beat(self) -> None:
        self._beat.start(embedded_process=False)


def _controller() -> Any:
    set_event_loop(None)  # an earlier worker's is closed
    return app.WorkController(
        pool_cls="threads",
        # Threads of their own for the vendors and one for the SLA clock: a vendor that hangs takes none from the
        # analyses or the others.
        concurrency=settings.CELERY_WORKER_CONCURRENCY
        + settings.DELIVERY_CONCURRENCY * (len(settings.QUEUES) - 2)
        + 1,
        queues=settings.QUEUES,
        without_heartbeat=True,
        without_mingle=True,
        without_gossip=True,
        quiet=True,
    )
