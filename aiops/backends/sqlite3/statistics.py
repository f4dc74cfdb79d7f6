"""What SQLite's planner is told of the tables: the figures of a desk with a year's work, the same on every desk.

Without figures it takes every index for equally good and chooses by their order: it walked 30 days of a source for
one pipeline's tickets, and all closed tickets for three that a search had found. `ANALYZE` of a new and empty desk
would teach nothing, and later ones would change plans overnight that nobody has looked at. So the figures are put
there by hand, as SQLite's own document on query planner stability advises, after every `migrate`.

Taken by `ANALYZE` from the desk of `bench.plans` and rounded. A line says how many rows an index has, then how many
of them share its first column, its first two, and so on. Unique keys of tables need none. A new index of these
tables needs one (`tests/settings/test_sqlite_statistics.py`).
"""

from __future__ import annotations

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

STATISTICS = {
    "audit_auditentry": {
        "audit_action": "1000000 20000 1",
        "audit_created": "1000000 1",
        "audit_kind": "1000000 250000 1",
        "audit_ticket": "1000000 5 1",
    },
    "ingestion_alertevent": {
        "event_outcome": "200000 40000 1",
        "event_received": "200000 1",
        "event_source": "200000 40000 1",
    },
    "ingestion_eventticket": {
        "ingestion_eventticket_event_id_fe0fc6c8": "200000 1",
        "ingestion_eventticket_ticket_id_411a6b15": "200000 1",
    },
    "ingestion_runlookup": {
        "ingestion_runlookup_event_id_4cc9877c": "40000 1",
        "ingestion_runlookup_first_ticket_id_aa31b65a": "40000 1",
        "lookup_family": "40000 20 1",
        "lookup_unresolved": "20000 4000 1",
        "lookup_work": "20 1",
    },
    "integrations_delivery": {
        "delivery_due": "100 20 1 1",
        "delivery_state": "600000 100000 1",
        "integrations_delivery_ticket_id_07f69f51": "600000 3",
    },
    "integrations_deliveryattempt": {
        "integrations_deliveryattempt_delivery_id_39f117b7": "600000 1",
    },
    "rca_analysis": {
        "analysis_class": "200000 500 300 1",
        "analysis_fingerprint": "200000 100 1",
        "rca_analysis_reused_from_id_c312a4e7": "200000 20",
        "rca_analysis_ticket_id_3030cd36": "200000 1",
    },
    "rca_evidence": {
        "rca_evidence_ticket_id_cc3da52c": "400000 2",
    },
    "tickets_occurrence": {
        "tickets_occurrence_run_id_beea11b6": "10000 1",
        "tickets_occurrence_ticket_id_ea17b5ac": "10000 1",
    },
    "tickets_ticket": {
        "ticket_centre_opened": "200000 20000 1 1",
        "ticket_closed": "188000 188000 1 1",
        "ticket_error_opened": "200000 3000 1 1",
        "ticket_escalation": "300 1",
        "ticket_family": "60000 10 1",
        "ticket_nobody": "60000 1 1",
        "ticket_opened": "200000 1 1",
        "ticket_owner": "192000 10000 1 1",
        "ticket_pipeline": "200000 20 1",
        "ticket_quiet": "2000 20",
        "ticket_run": "200000 1 1",
        "ticket_source_acked": "188000 40000 1 1",
        "ticket_source_opened": "200000 40000 1 1",
        "ticket_status_opened": "200000 70000 1 1",
        "ticket_team_acked": "188000 20000 1 1",
        "ticket_team_opened": "200000 20000 1 1",
        "ticket_unfinished_due": "12000 1 1 1 1",
        "ticket_unfinished_opened": "12000 1 1",
        "ticket_work": "200 1",
    },
}  # fmt: skip

Line = tuple[str, str, str]


def lines() -> set[Line]:
    return {(table, index, told) for table, indexes in STATISTICS.items() for index, told in indexes.items()}


def tell(connection: BaseDatabaseWrapper) -> bool:
    """Put the figures where the planner reads them; False where they stood there, or the database is no SQLite.

    Those that an `ANALYZE` left are replaced. Other processes see them when they connect.
    """
    if connection.vendor != "sqlite":
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "ANALYZE sqlite_schema"
        )  # makes the table where there is none, and looks at nothing else
        cursor.execute("SELECT tbl, idx, stat FROM sqlite_stat1")
        if set(cursor.fetchall()) == lines():
            return False
        cursor.execute("DELETE FROM sqlite_stat1")
        cursor.executemany("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (%s, %s, %s)", sorted(lines()))
        cursor.execute("ANALYZE sqlite_schema")
    return True


def tell_after_migrate(using: str, **_: Any) -> None:
    from django.db import connections  # noqa: PLC0415 - backends are imported before the connections

    tell(connections[using])
