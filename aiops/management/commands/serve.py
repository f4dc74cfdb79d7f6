"""`manage.py serve`: web, worker and clock in one command (contract, section 1)."""

from __future__ import annotations

import os
import signal
import socket
from argparse import ArgumentParser
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.conf import settings
from django.core.checks import messages, run_checks
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from aiops.alone import DataFolderTakenError, holding_data_folder
from aiops.preparing import prepare_database

DRAIN_SECONDS = 20.0  # longer than a desk takes to end what it began


class Command(BaseCommand):
    help = "Run the desk: web server, worker and clock in one process, ready for the first alert."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=os.environ.get("HOST") or "127.0.0.1")
        parser.add_argument("--port", default=os.environ.get("PORT") or "8000")
        parser.add_argument(
            "--web-only", action="store_true", help="leave worker and clock to other processes"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], _port(options["port"])
        _refuse_taken_port(host, port)
        with_worker = not options["web_only"]
        if settings.EMBEDDED and not with_worker:
            raise CommandError(
                "REDIS_URL: expected the address of a Redis server, because the worker runs in another process."
            )
        try:
            with self._data_folder(is_alone=with_worker and settings.EMBEDDED):
                prepare_database(self._say)
                self._announce(host, port)
                self._serve(host, port, with_worker=with_worker)
        except DataFolderTakenError as error:
            raise CommandError(str(error)) from error

    def _data_folder(self, *, is_alone: bool) -> AbstractContextManager[None]:
        """An embedded desk takes over every claim that it finds, so there must be no other."""
        if not is_alone:
            return nullcontext()
        return holding_data_folder(settings.DATA_DIR, wait_seconds=DRAIN_SECONDS, tell=self._say)

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    def _announce(self, host: str, port: int) -> None:
        mode = "embedded" if settings.EMBEDDED else "Redis"
        shown = f"[{host}]" if ":" in host else host
        self.stdout.write(f"  AIOps Desk            http://{shown}:{port}/  ({mode}; Ctrl-C stops it)")
        for found in run_checks():
            if found.level >= messages.WARNING and str(found.id).startswith("aiops."):
                self.stdout.write(f"  WARNING               {found.msg} ({found.id})")
        self.stdout.flush()

    def _serve(self, host: str, port: int, *, with_worker: bool) -> None:
        from daphne.endpoints import build_endpoint_description_strings

        from aiops.asgi import application, door, refuse
        from aiops.embedded import EmbeddedWorker
        from aiops.ending import end_without_those_who_hang
        from aiops.web_server import WebServer
        from ingestion import claims
        from ingestion.wakeup import wake_workers
        from integrations.deliveries import claims as delivery_claims
        from rca import questions
        from remediation import claims as remediation_claims

        worker = EmbeddedWorker() if with_worker else None
        if worker is not None:
            if settings.EMBEDDED:
                claims.release_all(timezone.now())
                delivery_claims.release_all(timezone.now())
                questions.release_all(timezone.now())
                remediation_claims.release_all(timezone.now())
            worker.start()
            wake_workers()
        server = WebServer(
            application=application,
            endpoints=build_endpoint_description_strings(host=host, port=port),
            signal_handlers=True,
            server_name="aiops",
            verbosity=0,
            websocket_timeout=-1,
            application_close_timeout=5,
            refuse=refuse,
        )
        signal.signal(signal.SIGINT, signal.default_int_handler)
        server.run()
        door.writer.stop()
        if worker is not None:
            worker.stop()
        end_without_those_who_hang()


def _port(value: object) -> int:
    text = str(value)
    if not text.isdigit() or not 1 <= int(text) <= 65_535:
        raise CommandError(f"PORT: expected a whole number from 1 to 65535, not {text[:20]!r}.")
    return int(text)


def _refuse_taken_port(host: str, port: int) -> None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise CommandError(
            f"HOST: expected an address of this machine, {host!r} is none ({error.strerror})."
        ) from error
    family, kind, protocol, _, address = found[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise CommandError(
                f"PORT: {host}:{port} cannot be used ({error.strerror}); stop the other program or set PORT."
            ) from error
