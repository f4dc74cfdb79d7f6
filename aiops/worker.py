"""What a separate worker or clock does at its start and end: insist on a broker, show its own metrics."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from typing import Any

from celery.signals import beat_init, worker_init, worker_process_shutdown, worker_shutdown
from django.conf import settings
from prometheus_client import CollectorRegistry, multiprocess, start_http_server

NEEDS_BROKER = (
    "aiops: REDIS_URL: expected the address of a Redis server, because worker and clock run apart from the web"
    " server. `make run` runs all three in one process without Redis."
)
FOLDER = "PROMETHEUS_MULTIPROC_DIR"


def connect() -> None:
    worker_init.connect(_start_worker, dispatch_uid="aiops.worker_init")
    worker_shutdown.connect(_end_worker, dispatch_uid="aiops.worker_shutdown")
    worker_process_shutdown.connect(_end_child, dispatch_uid="aiops.worker_process_shutdown")
    beat_init.connect(_insist_on_broker, dispatch_uid="aiops.beat_init")


def _insist_on_broker(**_: Any) -> None:
    """A program of its own runs in its main thread; the embedded desk keeps that one for the web server."""
    if settings.EMBEDDED and threading.current_thread() is threading.main_thread():
        sys.exit(NEEDS_BROKER)


def _start_worker(**_: Any) -> None:
    _insist_on_broker()
    if settings.WORKER_METRICS_PORT and FOLDER in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)
        start_http_server(settings.WORKER_METRICS_PORT, settings.WORKER_METRICS_HOST, registry=registry)


def _end_child(pid: int, **_: Any) -> None:
    if FOLDER in os.environ:
        multiprocess.mark_process_dead(pid)


def _end_worker(**_: Any) -> None:
    if FOLDER in os.environ:
        shutil.rmtree(os.environ[FOLDER], ignore_errors=True)
