"""`manage.py prepare`: the database is brought up to date, by one process at a time."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from aiops.preparing import prepare_database


class Command(BaseCommand):
    help = (
        "Migrate under a lock and make the first administrator; what every start of the web server does too."
    )
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        prepare_database(self.stdout.write)
