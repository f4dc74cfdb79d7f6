"""`manage.py send_test_alert`: one sample alert to a running desk, and what it answers."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ingestion import samples
from ingestion.samples.sending import desk_at
from integrations.errors import IntegrationError

FIRST_EVENT = {
    "adf": "common-log-v2-fired",
    "azure_functions": "common-log-v2-fired",
    "databricks": "relayed-job-failed",
}


class Command(BaseCommand):
    help = "Send a sample alert, with new ids and the time of now, to a running desk; print its answer and the link."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", nargs="?", default="adf", choices=samples.sources())
        parser.add_argument("--event", metavar="NAME", help="which of the source's events; --list shows them")
        parser.add_argument("--url", help="the desk's address; default: PUBLIC_BASE_URL")
        parser.add_argument(
            "--list", action="store_true", help="print the sources and events that have a sample"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["list"]:
            for source in samples.sources():
                self.stdout.write(f"{source}: {', '.join(samples.events(source))}")
            return
        source = options["source"]
        known = samples.events(source)
        event = options["event"] or _first_event(source, known)
        if event not in known:
            raise CommandError(f"--event: {source} has samples of {', '.join(known)}; not of {event!r}.")
        desk = desk_at(options["url"])
        try:
            answer = desk.send(source, event, timezone.now())
        except IntegrationError as error:
            raise CommandError(
                f"The alert was not taken: {error}. Is the desk running (`make run`)?"
            ) from error
        self.stdout.write(f"{source} {event} to {desk.url}")
        self.stdout.write(json.dumps(answer, indent=2, ensure_ascii=False))
        for ticket in answer.get("tickets", ()):
            self.stdout.write(f"{ticket['status']}: {desk.link(ticket['ticket_id'])}")


def _first_event(source: str, known: list[str]) -> str:
    """A failure, where one of the names says so."""
    return FIRST_EVENT.get(source) or next((event for event in known if "failed" in event), known[0])
