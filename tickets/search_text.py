"""What of a ticket can be searched, as SQL that SQLite stores in its index. Plain data."""

from __future__ import annotations

SHORT_COLUMNS = ("key", "pipeline", "run_id", "itsm_ticket_id", "error_type")
LONG_COLUMNS = ("error_message", "root_cause")
LONGEST_SEARCHED = 8_000

SEARCH_TEXT = " || char(10) || ".join(
    [*SHORT_COLUMNS, *(f"substr({column}, 1, {LONGEST_SEARCHED})" for column in LONG_COLUMNS)]
)
