"""`python -m bench.serve MODULE:NAME PORT`: an ASGI application as `manage.py serve` would run it.

`--behind uvicorn` puts another server in front of it, `--with-worker` the worker beside it, and
`--without-wake-ups` lets it tell no worker of its alerts: the rows wait for the sweep.
"""

from __future__ import annotations

import argparse
import importlib
import os
import signal
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aiops.settings")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("application")
    parser.add_argument("port", type=int)
    parser.add_argument("--behind", choices=("daphne", "uvicorn"), default="daphne")
    parser.add_argument("--with-worker", action="store_true")
    parser.add_argument("--without-wake-ups", action="store_true")
    options = parser.parse_args()
    module, _, name = options.application.partition(":")
    application = getattr(importlib.import_module(module), name)
    from django.core.management import call_command

    from aiops.asgi import door
    from aiops.embedded import EmbeddedWorker

    call_command("migrate", interactive=False, verbosity=0)
    if options.without_wake_ups:
        wake_nobody()
    worker = EmbeddedWorker() if options.with_worker else None
    if worker is not None:
        worker.start()
    (_behind_uvicorn if options.behind == "uvicorn" else _behind_daphne)(application, options.port)
    door.writer.stop()
    if worker is not None:
        worker.stop()


def wake_nobody() -> None:
    """What `ingestion.wakeup.connect` joined is parted."""
    from ingestion.signals import lookup_requested
    from ingestion.wakeup import wake_lookups, wake_workers
    from tickets.signals import ticket_opened

    parted = [
        ticket_opened.disconnect(wake_workers, dispatch_uid="ingestion.wake_workers"),
        lookup_requested.disconnect(wake_lookups, dispatch_uid="ingestion.wake_lookups"),
    ]
    if not all(parted):
        raise RuntimeError("the wake-ups of ingestion.wakeup are joined in another way")


def _behind_daphne(application: Any, port: int) -> None:
    from aiops.web_server import WebServer

    WebServer(
        application=application,
        endpoints=[f"tcp:port={port}:interface=127.0.0.1"],
        server_name="aiops",
        verbosity=0,
        websocket_timeout=-1,
        application_close_timeout=5,
    ).run()


def _behind_uvicorn(application: Any, port: int) -> None:
    """With the collector set as Daphne's has it; the application has no lifespan."""
    import uvicorn

    from aiops.web_server import set_the_start_apart

    signal.signal(signal.SIGTERM, lambda *_: None)  # uvicorn raises it once more when it has ended
    set_the_start_apart()
    uvicorn.run(
        application, host="127.0.0.1", port=port, lifespan="off", access_log=False, log_level="warning"
    )


if __name__ == "__main__":
    main()
