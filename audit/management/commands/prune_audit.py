"""`manage.py prune_audit`: export sealed ranges past their retention, remove them, leave tombstones."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.pruning import PruningError, next_range, prune_range
from audit.verification import verify


class Command(BaseCommand):
    help = "Export and remove audit entries sealed more than AUDIT_RETENTION_DAYS ago; the seals stay."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", metavar="FOLDER", type=Path, required=True, help="where the exports go")
        parser.add_argument("--days", type=int, help="instead of AUDIT_RETENTION_DAYS")
        parser.add_argument("--dry-run", action="store_true", help="say what the first range would be")

    def handle(self, *args: Any, **options: Any) -> None:
        days = settings.AUDIT_RETENTION_DAYS if options["days"] is None else options["days"]
        if days < 1:
            raise CommandError("AUDIT_RETENTION_DAYS is not set: everything is kept. Set it or give --days.")
        if not options["to"].is_dir():
            raise CommandError(f"--to: expected a folder, {options['to']} is none.")
        before = timezone.now() - timedelta(days=days)
        if options["dry_run"]:
            self._tell_first(before)
            return
        broken = verify().finding
        if broken is not None:
            raise CommandError(f"Nothing was removed, because the record does not verify: {broken.message}")
        removed = 0
        while chosen := next_range(before):
            try:
                tombstone = prune_range(chosen, options["to"])
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
