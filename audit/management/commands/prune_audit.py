"""`manage.py prune_audit`: export sealed ranges past their retention, remove them, leave tombstones."""

from __future__ import annotations

import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit import export_places
from audit.export_places import ExportPlace
from audit.pruning import PruningError, next_range, prune_range
from audit.verification import verify


class Command(BaseCommand):
    help = "Export and remove audit entries sealed more than AUDIT_RETENTION_DAYS ago; the seals stay."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        where = parser.add_mutually_exclusive_group(required=True)
        where.add_argument("--to", metavar="FOLDER", type=Path, help="where the exports go")
        where.add_argument(
            "--to-blob", action="store_true", help="or into Blob Storage, under names that are written once"
        )
        parser.add_argument("--days", type=int, help="instead of AUDIT_RETENTION_DAYS")
        parser.add_argument("--dry-run", action="store_true", help="say what the first range would be")

    def handle(self, *args: Any, **options: Any) -> None:
        days = settings.AUDIT_RETENTION_DAYS if options["days"] is None else options["days"]
        if days < 1:
            raise CommandError("AUDIT_RETENTION_DAYS is not set: everything is kept. Set it or give --days.")
        place = _place(options)
        before = timezone.now() - timedelta(days=days)
        if options["dry_run"]:
            self._tell_first(before)
            return
        broken = verify().finding
        if broken is not None:
            raise CommandError(f"Nothing was removed, because the record does not verify: {broken.message}")
        removed = 0
        while chosen := next_range(before):
            with _folder(options["to"]) as folder:
                try:
                    tombstone = prune_range(chosen, folder, place=place)
                except PruningError as error:
                    raise CommandError(str(error)) from error
            removed += tombstone.count
            self.stdout.write(f"{tombstone} ({tombstone.count:,} entries, {tombstone.export_name})")
        self.stdout.write(f"{removed:,} entries were exported and removed.")

    def _tell_first(self, before: Any) -> None:
        chosen = next_range(before)
        if chosen is None:
            self.stdout.write("Nothing is old enough.")
        else:
            self.stdout.write(
                f"{chosen.count:,} entries of seals {chosen.first} to {chosen.last} would go first."
            )


def _place(options: dict[str, Any]) -> ExportPlace | None:
    """Blob Storage where it was asked for; otherwise the folder must be there."""
    if options["to_blob"]:
        place = export_places.find("blob")
        if place is None:
            raise CommandError("--to-blob: set AZURE_BLOB_ENABLED and AZURE_STORAGE_CONN.")
        return place
    if not options["to"].is_dir():
        raise CommandError(f"--to: expected a folder, {options['to']} is none.")
    return None


@contextmanager
def _folder(chosen: Path | None) -> Iterator[Path]:
    """The folder that was named, or one that lasts until the file is kept elsewhere."""
    if chosen is not None:
        yield chosen
        return
    with tempfile.TemporaryDirectory(prefix="aiops-audit-") as folder:
        yield Path(folder)
