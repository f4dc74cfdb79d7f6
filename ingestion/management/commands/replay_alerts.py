"""`manage.py replay_alerts`: take stored events, or files, through the door again (contract, section 8)."""

from __future__ import annotations

import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet
from django.utils.dateparse import parse_date, parse_datetime
from tqdm import tqdm

from audit.services import Actor
from ingestion.models import AlertEvent, Outcome
from ingestion.replay import FAILED, FILE_SENDER, Replayed, Tally, replay_event, replay_file
from ingestion.sources import registry

Step = tuple[str, Callable[[], Replayed]]


class Command(BaseCommand):
    help = "Take stored alert events, or alerts in files, through the door again. Known failures open no second ticket."

    def add_arguments(self, parser: ArgumentParser) -> None:
        sources = sorted(registry())
        parser.add_argument("--event", nargs="+", type=int, metavar="ID", help="events by number")
        parser.add_argument(
            "--since", type=_moment, help="received at or after (ISO 8601, UTC unless it says so)"
        )
        parser.add_argument("--until", type=_moment, help="received before")
        parser.add_argument("--source", choices=sources, help="events of one source; the source of --file")
        parser.add_argument("--status", nargs="+", choices=Outcome.values, help="events with these outcomes")
        parser.add_argument(
            "--file", nargs="+", type=Path, metavar="PATH", help="files, or folders of *.json"
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="tell what would become of each, change nothing"
        )
        parser.add_argument("--rate", type=_rate, help="alerts per second at most")

    def handle(self, *args: Any, **options: Any) -> None:
        tally = Tally()
        steps, total = self._steps(options)
        pause = 1 / options["rate"] if options["rate"] else 0.0
        with tqdm(total=total, unit="alert", disable=None, file=self.stderr) as bar:
            for name, replay in steps:
                started = time.monotonic()
                replayed = replay()
                tally.add(replayed)
                if replayed.result == FAILED or options["verbosity"] > 1:
                    bar.clear()
                    message = replayed.message.removeprefix(f"{name}: ")
                    self.stdout.write(f"{name}: {replayed.result}: {message}")
                bar.update()
                time.sleep(max(0.0, pause - (time.monotonic() - started)))
        intent = "Dry run, nothing was changed: " if options["dry_run"] else ""
        self.stdout.write(f"{intent}{total} replayed: {tally}.")
        if tally.has_failed:
            raise CommandError(f"{tally.counts[FAILED]} of {total} failed.")

    def _steps(self, options: dict[str, Any]) -> tuple[Iterator[Step], int]:
        is_dry = options["dry_run"]
        if options["file"]:
            if options["event"] or options["since"] or options["until"] or options["status"]:
                raise CommandError("--file goes with --source, --dry-run and --rate only.")
            paths = _files(options["file"])
            source = options["source"] or ""
            return (
                (str(path), partial(replay_file, path, source=source, is_dry=is_dry)) for path in paths
            ), len(paths)
        events = _selected(options)
        ids = list(events.order_by("pk").values_list("pk", flat=True))
        if missing := set(options["event"] or ()) - set(ids):
            raise CommandError(
                f"--event: no such event among those chosen: {', '.join(map(str, sorted(missing)))}."
            )
        actor = Actor(name=FILE_SENDER)
        return ((f"event {pk}", partial(replay_event, pk, actor=actor, is_dry=is_dry)) for pk in ids), len(
            ids
        )


def _selected(options: dict[str, Any]) -> QuerySet[AlertEvent]:
    filters = {
        "pk__in": options["event"],
        "received_at__gte": options["since"],
        "received_at__lt": options["until"],
        "source": options["source"],
        "outcome__in": options["status"],
    }
    wanted = {name: value for name, value in filters.items() if value}
    if not wanted:
        raise CommandError("Say what to replay: --event, --since, --until, --source, --status or --file.")
    return AlertEvent.objects.filter(**wanted)


def _files(given: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for path in given:
        if path.is_dir():
            inside = sorted(path.rglob("*.json"))
            if not inside:
                raise CommandError(f"--file: {path} holds no *.json.")
            found += inside
        elif path.is_file():
            found.append(path)
        else:
            raise CommandError(f"--file: {path} is neither a file nor a folder.")
    return found


def _moment(text: str) -> datetime:
    try:
        moment = parse_datetime(text)
        if moment is None and (day := parse_date(text)) is not None:
            moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    except ValueError:
        moment = None
    if moment is None:
        raise ArgumentTypeError(f"expected a time such as 2026-03-02T02:00:00Z or a date, not {text[:40]!r}.")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0.001 <= rate <= 10_000:
        raise ArgumentTypeError(f"expected alerts per second from 0.001 to 10000, not {text[:20]!r}.")
    return rate
