"""`python -m bench.serve MODULE:NAME PORT [--with-worker]`: an ASGI application as `manage.py serve` would run it."""

from __future__ import annotations

import argparse
import importlib
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aiops.settings")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("application")
    parser.add_argument("port", type=int)
    parser.add_argument("--with-worker", action="store_true")
    options = parser.parse_args()
    module, _, name = options.application.partition(":")
    application = getattr(importlib.import_module(module), name)
    from django.core.management import call_command

    from aiops.asgi import door
    from aiops.embedded import EmbeddedWorker
    from aiops.web_server import WebServer

    call_command("migrate", interactive=False, verbosity=0)
    worker = EmbeddedWorker() if options.with_worker else None
    if worker is not None:
        worker.start()
    WebServer(
        application=application,
        endpoints=[f"tcp:port={options.port}:interface=127.0.0.1"],
        server_name="aiops",
        verbosity=0,
        websocket_timeout=-1,
        application_close_timeout=5,
    ).run()
    door.writer.stop()
    if worker is not None:
        worker.stop()


if __name__ == "__main__":
    main()
