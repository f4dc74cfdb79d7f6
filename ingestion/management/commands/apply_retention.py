"""`manage.py apply_retention`: remove now what the daily task would remove, or only count it."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from ingestion import retention


class Command(BaseCommand):
    help = (
        "Remove closed tickets, events, raw payloads and evidence that are older than their …_RETENTION_DAYS."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count what would go, change nothing")
        parser.add_argument(
            "--only", choices=[kind.name for kind in retention.KINDS], help="one of them instead of all"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        chosen = [kind for kind in retention.KINDS if options["only"] in (None, kind.name)]
        removed: Counter[str] = Counter()
        if not options["dry_run"]:
            for kind, count in retention.run(now, kinds=[kind for kind in chosen if kind.days]):
                removed[kind.name] += count
        for kind in chosen:
            if not kind.days:
                self.stdout.write(f"{kind.name}: kept for ever ({kind.setting} is not set).")
            elif options["dry_run"]:
                count = kind.waiting(now).count()
                self.stdout.write(f"{kind.name}: {count:,} older than {kind.days} days would go.")
            else:
                self.stdout.write(f"{kind.name}: {removed[kind.name]:,} older than {kind.days} days removed.")
