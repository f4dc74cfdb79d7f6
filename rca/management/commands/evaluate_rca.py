"""`manage.py evaluate_rca FILE`: how often a provider is right, on a file of labelled failures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations.errors import IntegrationError
from rca.evaluation import EvaluationDataError, evaluate, read_items
from rca.providers import get_provider, names


class Command(BaseCommand):
    help = "Measure a root cause provider on a JSON list of labelled failures."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file", metavar="FILE", help="JSON list of {id, platform, message, code, cause_class, ...}"
        )
        parser.add_argument("--provider", default="rules", help=f"one of: {', '.join(names())}")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object")
        parser.add_argument(
            "--withhold-code",
            action="store_true",
            help="give the provider the message only, not the item's code",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(options["file"])
        try:
            items = read_items(json.loads(path.read_text(encoding="utf-8-sig")))
        except OSError as error:
            raise CommandError(f"{path}: cannot be read ({error.strerror or error})") from error
        except UnicodeDecodeError as error:
            raise CommandError(f"{path}: not UTF-8 text (byte {error.start})") from error
        except json.JSONDecodeError as error:
            raise CommandError(f"{path}: not JSON (line {error.lineno}: {error.msg})") from error
        except EvaluationDataError as error:
            raise CommandError(f"{path}: {error}") from error
        try:
            provider = get_provider(options["provider"])
        except LookupError as error:
            raise CommandError(str(error)) from error
        try:
            result = evaluate(items, provider, withhold_code=options["withhold_code"])
        except IntegrationError as error:
            raise CommandError(f"{error}. {error.advice}".rstrip()) from error
        self.stdout.write(json.dumps(result, indent=2) if options["as_json"] else as_text(result))


def as_text(result: dict[str, Any]) -> str:
    """The numbers as a person reads them: rates, then each class, then what was taken for what."""
    lines = [f"{result['n']} failures, provider {result['provider']}, {result['ms_per_item']} ms each", ""]
    for name in ("accuracy", "macro_f1", "transient_accuracy", "error_type_accuracy", "entity_accuracy"):
        value = result[name]
        lines.append(f"{name:<22}{'not labelled' if value is None else f'{value:.3f}'}")
    lines += ["", f"{'class':<34}{'n':>5}{'precision':>11}{'recall':>8}{'f1':>7}  taken for"]
    for name, row in result["per_class"].items():
        others = {
            answer: count for answer, count in result["confusion"].get(name, {}).items() if answer != name
        }
        mistaken = ", ".join(f"{answer} {count}" for answer, count in others.items())
        rates = f"{row['precision']:>11.2f}{row['recall']:>8.2f}{row['f1']:>7.2f}"
        lines.append(f"{name:<34}{row['n']:>5}{rates}  {mistaken}".rstrip())
    return "\n".join(lines)
