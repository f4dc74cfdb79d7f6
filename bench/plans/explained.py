"""Why a statement may look at many rows: by the act's group and name (`*` stands for anything)."""

from __future__ import annotations

from fnmatch import fnmatchcase

MANY_ROWS = 5_000
MANY_STEPS = 40_000
"""Of SQLite's machine, for some 8,000 rows."""

NO_INDEX = "**reads the table**: no index knows"
REASONS = (
    ("clock: *", "walks what nobody has acknowledged, 12,000 here: it grows with what is left lying, not the table"),
    ("digests: *", "once a day or week: its days, what is not acknowledged, and 30 days for the recoveries"),
    ("reconcile: factories", "every ten minutes: 30 days of Data Factory's tickets, for the factories' names"),
    ("retention: *, a pass", "200 rows with what hangs on each, at night"),
    ("pages: live board", "charts of 7 and 14 days; kept for up to a minute"),
    ("pages: console, front page", "charts of 14 days; kept for up to a minute"),
    ("pages: /metrics", "counts what is overdue and not acknowledged"),
    ("pages: search *two letters*", "no index knows two letters; 2,000 tickets a page"),
    ("pages: console, tickets, acknowledged late", "one of five is late; ends at 5,001 found"),
    ("pages: console, tickets of quiet times", "those of quiet times, put in order"),
    ("pages: console, tickets*", "ends at 151 rows looked ahead, at 5,001 counted, or at page 100"),
    ("pages: console, audit trail, last*", "OFFSET, up to page 100"),
    ("pages: console, every page", "the sidebar counts the open tickets along an index; kept for some seconds"),
    ("pages: console, deliveries of a day", f"{NO_INDEX} the times of deliveries; a person waits 0.2 s"),
    ("pages: console, deliveries by*", f"{NO_INDEX} a rare channel or what is searched for; a person waits 0.1 to 1 s"),
    ("pages: console, alert events, *", "words of messages and key names, in the newest 100,000 events"),
    ("pages: /api/open-tickets*owner=none", "open tickets of nobody, put in order"),
    ("exports: *", "the work is 500 rows of 40 columns"),
)  # fmt: skip


def reason(act: str) -> str:
    """The sentence for an act, "" where there is none."""
    return next((why for pattern, why in REASONS if fnmatchcase(act, pattern)), "")
