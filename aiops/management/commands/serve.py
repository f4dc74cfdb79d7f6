"""`manage.py serve`: web, worker and clock in one command (contract, section 1)."""

from __future__ import annotations

import os
import secrets
import signal
import socket
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from aiops import env
from audit.startup import record_settings

FIRST_ADMIN_EMAIL = "admin@example.com"


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
        self._prepare_database()
        record_settings(env.given())
        self._announce(host, port)
        self._serve(host, port, with_worker=not options["web_only"])

    def _prepare_database(self) -> None:
        try:
            call_command("migrate", interactive=False, verbosity=0)
        except DatabaseError as error:
            raise CommandError(f"DATABASE_URL: the database cannot be used ({error}).") from error
        if not User.objects.exists():
            password = secrets.token_urlsafe(12)
            user = User.objects.create_superuser(FIRST_ADMIN_EMAIL, password, full_name="First administrator")
            user.groups.add(Group.objects.get(name=Role.ADMIN.group_name))
            self.stdout.write(
                f"  First administrator   {FIRST_ADMIN_EMAIL}  password: {password}  (shown once)"
            )
            if settings.LOCAL_SECRETS["RCA_API_KEY"] == settings.RCA_API_KEY:
                self.stdout.write(
                    f"  Webhook key           {settings.RCA_API_KEY}  (kept in {settings.DATA_DIR}/secrets.json)"
                )

    def _announce(self, host: str, port: int) -> None:
        mode = "embedded" if settings.EMBEDDED else "Redis"
        shown = f"[{host}]" if ":" in host else host
        self.stdout.write(f"  AIOps Desk            http://{shown}:{port}/  ({mode}; Ctrl-C stops it)")
        if settings.WEBHOOK_AUTH == "off":
            self.stdout.write(
                "  WARNING               WEBHOOK_AUTH is off: anybody who reaches this port may open tickets"
            )
        self.stdout.flush()

    def _serve(self, host: str, port: int, *, with_worker: bool) -> None:
        from daphne.endpoints import build_endpoint_description_strings
        from daphne.server import Server

        from aiops.asgi import application, door
        from aiops.embedded import EmbeddedWorker
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
        server = Server(
            application=application,
            endpoints=build_endpoint_description_strings(host=host, port=port),
            signal_handlers=True,
            server_name="aiops",
            verbosity=0,
            websocket_timeout=-1,
            application_close_timeout=5,
        )
        signal.signal(signal.SIGINT, signal.default_int_handler)
        server.run()
        door.writer.stop()
        if worker is not None:
            worker.stop()


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
