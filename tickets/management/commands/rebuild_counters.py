"""`manage.py rebuild_counters`: prove that the summary's counters equal the tickets, or put them right."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from tickets import counter_store


class Command(BaseCommand):
    help = "Compare the summary's counters with the tickets and repair them; with --check only compare."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="change nothing; exit status 1 when they differ"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        wrong = counter_store.reconcile(repair=not options["check"])
        for (dimension, name), number in sorted(wrong.items()):
            self.stdout.write(f"{dimension} {name or '-'}: off by {-number:+d}")
        if not wrong:
            self.stdout.write("The counters equal the tickets.")
        elif options["check"]:
            self.stdout.write(f"{len(wrong)} counters differ; without --check they are repaired.")
            sys.exit(1)
        else:
            self.stdout.write(f"{len(wrong)} counters repaired.")
