"""`manage.py erase_audit_data`: blank a person's data in the record; the acts and the seals stay."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.erasure import erase_entries, ids_of_person


class Command(BaseCommand):
    help = "Erase actor, address, summary and details of entries, by person or by id; cannot be undone."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--person", metavar="EMAIL", help="every entry in which this person acted")
        parser.add_argument("--entry", metavar="ID", type=int, nargs="+", default=[], help="these entries")
        parser.add_argument("--reason", required=True, help="kept on record: must not name the person")
        parser.add_argument("--yes", action="store_true", help="do it; without this, only counts are told")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["person"] and not options["entry"]:
            raise CommandError("Give --person EMAIL or --entry ID.")
        ids = [*options["entry"], *(ids_of_person(options["person"]) if options["person"] else ())]
        if not options["yes"]:
            self.stdout.write(f"{len(set(ids)):,} entries would be erased; add --yes to do it.")
            return
        self.stdout.write(f"{erase_entries(ids, reason=options['reason']):,} entries were erased.")
