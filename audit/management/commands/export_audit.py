"""`manage.py export_audit FILE`: the record as CSV with a manifest, to be checked by `verify_audit --file`."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from audit import actions
from audit.exports import entries_of, write_export
from audit.models import AuditEntry
from audit.services import record


class Command(BaseCommand):
    help = "Export audit entries as CSV with a manifest beside it; the export itself is recorded."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--since", metavar="TIME", help="entries from then on (UTC)")
        parser.add_argument("--until", metavar="TIME", help="entries before then (UTC)")
        parser.add_argument("--ticket", default="", metavar="ID")

    def handle(self, *args: Any, **options: Any) -> None:
        selection = AuditEntry.objects.all()
        filters = {name: options[name] for name in ("since", "until", "ticket") if options[name]}
        if options["since"]:
            selection = selection.filter(created_at__gte=_moment("--since", options["since"]))
        if options["until"]:
            selection = selection.filter(created_at__lt=_moment("--until", options["until"]))
        if options["ticket"]:
            selection = selection.filter(ticket_key=options["ticket"])
        try:
            manifest = write_export(options["file"], entries_of(selection), filters=filters)
        except OSError as error:
            raise CommandError(f"{error.filename} cannot be written ({error.strerror}).") from error
        with transaction.atomic():
            record(
                actions.DATA_EXPORTED,
                summary=f"{manifest['count']} audit entries to {options['file'].name}",
                details={"what": "audit trail", "filters": filters, "sha256": manifest["sha256"]},
            )
        self.stdout.write(f"{manifest['count']:,} entries in {options['file']}, SHA-256 {manifest['sha256']}")


def _moment(name: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"{name}: expected a date or a time such as 2026-11-20T14:00.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
