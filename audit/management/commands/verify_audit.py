"""`manage.py verify_audit`: is the record whole? Exit status 1 and the first broken place when it is not."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit import integrity, publishing, sealing
from audit.export_check import check_file
from audit.report import Finding, Report
from audit.verification import verify


class Command(BaseCommand):
    help = "Verify the audit trail: entries, seals, signatures, and seals published elsewhere."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--since",
            metavar="TIME",
            help="begin with what was sealed then, e.g. 2026-11-20 or 2026-11-20T14:00",
        )
        parser.add_argument(
            "--against-dir", metavar="FOLDER", type=Path, help="compare with seals in this folder"
        )
        parser.add_argument(
            "--against-blob", action="store_true", help="compare with the seals in Blob Storage"
        )
        parser.add_argument("--seal-now", action="store_true", help="seal everything first, however new")
        parser.add_argument("--file", metavar="CSV", type=Path, help="check an exported file instead")
        parser.add_argument("--record", action="store_true", help="keep the result, as the daily run does")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["file"]:
            self._check_file(options["file"], as_json=options["json"])
            return
        if options["record"] and options["since"]:
            raise CommandError("--record: only a full verification is kept; leave out --since.")
        if options["seal_now"]:
            sealing.seal_entries(settle=timedelta(0))
            publishing.publish_seals()
        try:
            report = verify(since=_moment(options["since"]), against=_places(options))
        except publishing.PublishError as error:
            raise CommandError(f"The published seals cannot be read: {error}.") from error
        if options["record"]:
            integrity.keep_result(report)
        if options["json"]:
            self.stdout.write(json.dumps(report.as_json(), indent=1))
        else:
            self._tell(report)
        _exit_when_broken(report.finding)

    def _tell(self, report: Report) -> None:
        rate = f"{report.entries / report.seconds:,.0f} a second" if report.seconds else "at once"
        self.stdout.write(
            f"{report.entries:,} entries under {report.seals:,} seals checked in {report.seconds:.1f} s ({rate})."
        )
        if report.unsealed:
            self.stdout.write(f"{report.unsealed:,} entries are not sealed yet (--seal-now seals them).")
        if report.pruned:
            self.stdout.write(f"{report.pruned:,} entries were exported and removed; their seals hold.")
        if report.erased:
            self.stdout.write(f"{report.erased:,} entries had personal data erased, each on record.")
        if report.gaps:
            self.stdout.write(
                f"{report.gaps:,} ids were never committed, or late ({report.late:,} came later)."
            )
        if report.published:
            self.stdout.write(f"{report.published:,} published seals agree.")
        if report.signed and not report.signatures_checked:
            self.stdout.write(f"{report.signed:,} signatures were not checked: no key is configured.")
        if report.triggers_missing:
            self.stdout.write(f"WARNING: triggers are missing: {', '.join(report.triggers_missing)}.")
        self.stdout.write("The audit trail is whole." if report.is_whole else "The audit trail is NOT whole.")

    def _check_file(self, path: Path, *, as_json: bool) -> None:
        try:
            report = check_file(path)
        except OSError as error:
            raise CommandError(f"--file: {error.filename} cannot be read ({error.strerror}).") from error
        if as_json:
            self.stdout.write(json.dumps(report.as_json(), indent=1))
        elif report.recorded_by:
            if report.is_whole:
                self.stdout.write(
                    f"{path.name}: {report.count:,} rows, exported as entry {report.recorded_by} tells."
                )
        elif report.is_whole:
            self.stdout.write(f"{path.name}: {report.count:,} entries, the file is the one of its manifest.")
            if report.lines_checked:
                self.stdout.write(
                    f"{report.sealed:,} agree with their seals, {report.unsealed:,} are in no seal."
                )
        _exit_when_broken(report.finding)


def _exit_when_broken(finding: Finding | None) -> None:
    if finding is not None:
        raise CommandError(finding.message, returncode=1)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError("--since: expected a date or a time such as 2026-11-20T14:00.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _places(options: dict[str, Any]) -> list[publishing.Publisher]:
    places: list[publishing.Publisher] = []
    if options["against_dir"]:
        places.append(publishing.FilePublisher(options["against_dir"]))
    if options["against_blob"]:
        blob = [publisher for publisher in publishing.publishers() if publisher.name == "blob"]
        if not blob:
            raise CommandError("--against-blob: set AZURE_BLOB_ENABLED and AZURE_STORAGE_CONN.")
        places += blob
    return places
