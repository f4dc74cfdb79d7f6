"""`manage.py export_event ID`: a stored event as a file that `replay_alerts --file` takes."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.services import Actor
from ingestion.exported import export_event, record_taken
from ingestion.models import PAYLOAD_REMOVED, AlertEvent


class Command(BaseCommand):
    help = "Print a stored alert event in the form that `replay_alerts --file` takes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("event", type=int, metavar="ID")

    def handle(self, *args: Any, **options: Any) -> None:
        event = AlertEvent.objects.filter(pk=options["event"]).first()
        if event is None:
            raise CommandError(f"There is no event {options['event']}.")
        if event.is_payload_removed:
            raise CommandError(PAYLOAD_REMOVED)
        record_taken(event, Actor(name="export_event"))
        self.stdout.write(export_event(event), ending="")
