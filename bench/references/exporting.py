"""`python -m bench.references.exporting`: an export by django-import-export, measured in a process of its own.

Prints JSON: its figures, a token for the product's own export, and since when the newest ROWS closed tickets were.
"""

from __future__ import annotations

import json
import os
import resource
import time
from urllib.parse import quote

ROWS, FEWER = 200_000, 5_000


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aiops.settings")
    import django

    django.setup()
    from accounts.models import User
    from accounts.tokens import tokens_for
    from tickets.admin.export import TicketResource
    from tickets.models import Ticket

    person = User.objects.filter(email="bench@example.com").first()
    person = person or User.objects.create_superuser("bench@example.com", "bench")
    closed = Ticket.objects.filter(status="acknowledged").order_by("-acknowledged_at", "-id")
    times = closed.values_list("acknowledged_at", flat=True)
    since = times[min(ROWS, times.count()) - 1]
    assert since is not None
    before, started, spent = _peak(), time.perf_counter(), time.process_time()
    written = TicketResource().export(closed.select_related("assigned_to")[:FEWER])
    text = written.csv
    print(
        json.dumps(
            {
                "rows": len(written),
                "bytes": len(text),
                "seconds": time.perf_counter() - started,
                "CPU seconds": time.process_time() - spent,
                "MB added": _peak() - before,
                "token": tokens_for(person)["token"],
                "since": quote(since.isoformat()),
            }
        )
    )


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
