"""What a separate worker or clock does at its start and end: insist on a broker, show its own metrics."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from typing import Any

from celery.signals import (
    beat_init,
    celeryd_init,
    worker_process_init,
    worker_process_shutdown,
    worker_ready,
    worker_shutdown,
)
from django.conf import settings
from django.db import connections
from prometheus_client import CollectorRegistry, multiprocess, start_http_server

NEEDS_BROKER = (
    "aiops: REDIS_URL: expected the address of a Redis server, because worker and clock run apart from the web"
    " server. `make run` runs all three in one process without Redis."
)
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
KEPT_SECONDS = 60
"""How long a child of a worker keeps its connection to the database; each task asks first whether it still holds."""


def connect() -> None:
    # The embedded worker does not send this one.
    celeryd_init.connect(_insist_on_broker, dispatch_uid="aiops.celeryd_init")
    worker_process_init.connect(_keep_connections, dispatch_uid="aiops.worker_process_init")
    worker_ready.connect(_show_metrics, dispatch_uid="aiops.worker_ready")
    worker_shutdown.connect(_end_worker, dispatch_uid="aiops.worker_shutdown")
    worker_process_shutdown.connect(_end_child, dispatch_uid="aiops.worker_process_shutdown")
    beat_init.connect(_insist_on_broker, dispatch_uid="aiops.beat_init")


def _insist_on_broker(**_: Any) -> None:
    """The clock sends its signal embedded too, but from a thread: a program of its own runs in its main one."""
    if settings.EMBEDDED and threading.current_thread() is threading.main_thread():
        _end_worker()
        sys.exit(NEEDS_BROKER)


def _keep_connections(**_: Any) -> None:
    """A child of a worker is one thread and lives long. An alert is four tasks, and connecting took a tenth of each."""
    for connection in connections.all():
        connection.settings_dict |= {"CONN_MAX_AGE": KEPT_SECONDS, "CONN_HEALTH_CHECKS": True}


def _show_metrics(**_: Any) -> None:
    if settings.WORKER_METRICS_PORT and FOLDER in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        start_http_server(settings.WORKER_METRICS_PORT, settings.WORKER_METRICS_HOST, registry=registry)


def _end_child(pid: int, **_: Any) -> None:
    if FOLDER in os.environ:
        multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]


def _end_worker(**_: Any) -> None:
    if FOLDER in os.environ:
        shutil.rmtree(os.environ[FOLDER], ignore_errors=True)
