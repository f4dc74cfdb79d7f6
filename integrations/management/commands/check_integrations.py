"""`manage.py check_integrations`: each configured service, reached or not, and why."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations.checks import CheckResult, check_all

_SIGNS = {"ok": "ok", "failed": "FAILED", "not_configured": "not set"}


class Command(BaseCommand):
    help = "Call every configured outside service once, changing nothing; exit status 1 when one fails."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME", help="only these, e.g. databricks")
        parser.add_argument("--json", action="store_true", help="one JSON list instead of text")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            results = check_all(options["names"])
        except ValueError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps([asdict(result) for result in results], indent=2))
        else:
            for result in results:
                self._tell(result)
        failed = [result.name for result in results if result.state == "failed"]
        if failed:
            raise CommandError(f"not reached: {', '.join(failed)}")

    def _tell(self, result: CheckResult) -> None:
        style = {"ok": self.style.SUCCESS, "failed": self.style.ERROR}.get(result.state, self.style.NOTICE)
        self.stdout.write(f"{style(_SIGNS[result.state].ljust(8))} {result.name}: {result.detail}")
        if result.advice:
            self.stdout.write(f"{'':8} {result.advice}")
