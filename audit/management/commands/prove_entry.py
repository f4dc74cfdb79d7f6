"""`manage.py prove_entry ID`: JSON by which a stranger checks that an entry is in the record."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.proofs import NotSealedError, prove


class Command(BaseCommand):
    help = "Print the proof that one audit entry is under a seal (docs/compliance.md tells how to check it)."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("entry", type=int, metavar="ID")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            proof = prove(options["entry"])
        except NotSealedError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(proof, indent=1, sort_keys=True))
