"""`python -m bench.audit_record build N`, `verify` or `seal`: an audit trail of any length, and what it costs.

The database is that of the environment (`DATABASE_URL`, else SQLite in `AIOPS_DATA_DIR`); use one of its own.
Entries go in by the product's own services, and seals are made as its clock makes them, `PER_SEAL` at a time.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import cycle, islice

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aiops.settings")

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402

from audit import actions, sealing  # noqa: E402
from audit.models import ActorKind, AuditEntry  # noqa: E402
from audit.services import SYSTEM, Actor, Subject, build_entry, record_many  # noqa: E402
from audit.verification import verify  # noqa: E402

PER_SEAL = 1_000
ANALYST = Actor(ActorKind.PERSON, "ana.lima@example.com", "E-1042")
SENDER = Actor(ActorKind.SERVICE_KEY, "azure-monitor")
ACTS: tuple[tuple[str, Actor, dict[str, object]], ...] = (
    (actions.TICKET_CREATED, SENDER, {"severity": "High", "priority": "P2", "source": "adf"}),
    (actions.RCA_COMPLETED, SYSTEM, {"provider": "rules", "error_type": "UserErrorSourceBlobNotExist"}),
    (actions.SLACK_SENT, SYSTEM, {"channel": "C0123456789", "ts": "1763640000.000100"}),
    (actions.TICKET_CLOSED, ANALYST, {"before": "open", "after": "acknowledged", "ack_seconds": 412}),
)


def build(count: int) -> None:
    """Add `count` entries and their seals."""
    call_command("migrate", interactive=False, verbosity=0)
    acts = _acts(AuditEntry.objects.count())
    started = time.monotonic()
    for done in range(0, count, PER_SEAL):
        with transaction.atomic():
            record_many(islice(acts, min(PER_SEAL, count - done)))
        sealing.seal_entries(settle=timedelta(0))
        if not done % 100_000:
            print(f"{done:,} entries, {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)


def _acts(first: int) -> Iterator[AuditEntry]:
    for number, (action, actor, details) in enumerate(cycle(ACTS), start=first):
        key = f"ADF-20261120T120000-{number // len(ACTS):07x}"
        subject = Subject(key, "DataEng_LoadOrders", f"6d6a1f0e-93a1-4a53-9f0e-{number:012x}")
        yield build_entry(action, subject=subject, actor=actor, summary=f"{action}: {key}", details=details)


def seal_for_ever() -> None:
    """Seal all there is once a second, sixty times as often as the desk does."""
    print("ready", flush=True)
    while True:
        sealing.seal_entries(settle=timedelta(0))
        time.sleep(1)


def measure() -> dict[str, float | bool]:
    """Verify everything; seconds of the clock and of the processor, and by how many MB the process grew."""
    before, cpu = _peak_mb(), time.process_time()
    report = verify()
    return {
        "whole": report.is_whole,
        "entries": report.entries,
        "seals": report.seals,
        "seconds": report.seconds,
        "CPU s": round(time.process_time() - cpu, 2),
        "peak MB": round(_peak_mb(), 1),
        "grown by MB": round(_peak_mb() - before, 1),
    }


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.audit_record", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("build").add_argument("count", type=int)
    verbs.add_parser("verify")
    verbs.add_parser("seal")
    options = parser.parse_args()
    if options.verb == "build":
        build(options.count)
    elif options.verb == "seal":
        seal_for_ever()
    else:
        print(json.dumps(measure()))


if __name__ == "__main__":
    main()
