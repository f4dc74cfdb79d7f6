"""What hangs on the tickets of a volume, made by the database out of them: events, deliveries, evidence, look-ups.

One `INSERT … SELECT` for each table. A year of a desk whose retention is off.
"""

from __future__ import annotations

import json
from typing import Any

from django.db import connection, models, transaction

from ingestion.models import AlertEvent, EventTicket, RunLookup
from integrations.models import Broadcast, Delivery, InboundCall, JiraIssue
from rca.models import Analysis, Evidence, EvidenceCollection, Question, RunMention
from remediation.models import Attempt, Decision
from tickets import counter_store
from tickets.models import LiveEvent, Occurrence, Ticket

FACTORY = "/subscriptions/0f0e/resourcegroups/rg-data/providers/microsoft.datafactory/factories/adf-sales"
QUERY = {"resource_id": FACTORY, "pipeline_names": ["nobody"], "activity_names": []}
FRESH_BREACHES = 300
"""So many of the newest tickets are not past the clock yet; every older one that nobody acknowledged is."""

Sql = str


def is_filled() -> bool:
    return Broadcast.objects.exists()


def fill() -> None:
    """Fill the tables around the tickets, once; the counters are brought up to date."""
    with transaction.atomic():
        _change_tickets()
        _tell_events()
        _tell_work()
        _tell_outside()
    counter_store.reconcile(repair=True)
    while counter_store.fold():
        pass
    if connection.vendor == "postgresql":
        _execute(
            "CLUSTER tickets_ticket USING tickets_ticket_pkey"
        )  # the changes above have mixed up their order
        _execute("VACUUM ANALYZE")


def _change_tickets() -> None:
    """Three of four runs succeeded again, one failure of a hundred fell into a window, one note of ten was written."""
    newest = Ticket.objects.count() - FRESH_BREACHES
    _execute(
        "UPDATE tickets_ticket SET recovered_at = acknowledged_at, recovery_seconds = 3600, downtime_seconds = 3600,"
        " run_scope = %s WHERE acknowledged_at IS NOT NULL AND id %% 4 <> 0",
        [FACTORY],
    )
    _execute(
        "UPDATE tickets_ticket SET sla_status = 'Breached', sla_breached_at = sla_due_at, sla_warned_at = sla_due_at"
        " WHERE sla_status = 'Breached' OR (acknowledged_at IS NULL AND id <= %s)",
        [newest],
    )
    _execute(
        "UPDATE tickets_ticket SET quiet_rule = 'window-1', quiet_name = 'Patching', quiet_until = sla_due_at"
        " WHERE id %% 100 = 0"
    )
    _execute("UPDATE tickets_ticket SET resolution_note = 'The file was sent again.' WHERE id %% 10 = 3")


def _tell_events() -> None:
    _insert(
        AlertEvent, "t.id > 0",
        id="t.id", source="t.source", received_at="t.opened_at", ticket_key="t.key", outcome="'accepted'",
        event_type="'PipelineFailed'", body=_bytes(b'{"properties": "' + b"x" * 480 + b'"}'), body_size="497",
        message="'Ticket created'",
    )  # fmt: skip
    _insert(
        EventTicket, "t.id > 0",
        id="t.id", event_id="t.id", ticket_id="t.id", verdict="'created'", created_at="t.opened_at",
    )  # fmt: skip
    _insert(
        Occurrence, "t.id %% 20 = 0",
        id="t.id", ticket_id="t.id", dedup_key="'again:' || t.dedup_key", run_id="'again-' || t.run_id",
        seen_at="t.opened_at",
    )  # fmt: skip
    _insert(
        RunLookup, "t.id %% 5 = 0",
        id="t.id", event_id="t.id", source="t.source", dedup_key="'alert:' || t.dedup_key",
        query=_json(QUERY), fallback=_json({}), first_ticket_id="t.id", created_at="t.opened_at",
        state="CASE WHEN t.id %% 10 = 0 THEN 'gave_up' ELSE 'found' END",
        give_up_at="t.opened_at", work_due_at="t.opened_at",
    )  # fmt: skip
    _insert(
        LiveEvent, f"t.id > {Ticket.objects.latest('pk').pk - FRESH_BREACHES}",
        event="'ticket.created'", ticket_key="t.key", created_at="t.opened_at",
    )  # fmt: skip


def _tell_work() -> None:
    for number in (1, 2):
        _insert(
            Evidence, "t.id > 0",
            id=f"2 * t.id + {number}", ticket_id="t.id", number=f"{number}", kind="'trace'", title="'Trace'",
            text=f"'{'java.io.IOException: no such file ' * 10}'", identity=f"'{number}'", fetched_at="t.opened_at",
        )  # fmt: skip
    _insert(
        Analysis, "t.id > 0",
        id="t.id", ticket_id="t.id", created_at="t.opened_at", provider="'rules'", is_current=_true(),
        root_cause="t.root_cause", error_type="t.error_type", cause_class="t.cause_class",
        fingerprint="t.error_type || t.cause_class",
    )  # fmt: skip
    _insert(EvidenceCollection, "t.id %% 20 = 0", ticket_id="t.id", due_at="t.opened_at")
    _insert(
        Question, "t.id %% 100 = 0",
        id="t.id", key="t.dedup_key", ticket_id="t.id", state="'answered'", asked_at="t.opened_at",
        due_at="t.opened_at", analysis_id="t.id",
    )  # fmt: skip
    _insert(
        RunMention, "t.id %% 10 = 0",
        id="t.id", ticket_id="t.id", source="'databricks'", run_id="'named-' || t.run_id",
    )  # fmt: skip
    _insert(Decision, "t.id %% 5 = 0", ticket_id="t.id", is_waiting=_false(), due_at="t.opened_at")
    _insert(
        Attempt, "t.id %% 50 = 0",
        id="t.id", ticket_id="t.id", playbook="'retry_pipeline'", state="'succeeded'", error_type="t.error_type",
        resource="t.pipeline", resource_key="t.pipeline", token="t.dedup_key", called_at="t.opened_at",  # noqa: S106
        due_at="t.opened_at", created_at="t.opened_at", updated_at="t.opened_at", ended_at="t.opened_at",
    )  # fmt: skip


def _tell_outside() -> None:
    for number, (channel, operation) in enumerate(
        (("jira", "create"), ("slack", "post"), ("blob", "archive"))
    ):
        _insert(
            Delivery, "t.id > 0",
            id=f"3 * t.id + {number}", ticket_id="t.id", channel=f"'{channel}'", operation=f"'{operation}'",
            state="CASE WHEN t.id %% 500 = 0 THEN 'parked' ELSE 'sent' END", remote_id="t.itsm_ticket_id",
            due_at="t.opened_at", created_at="t.opened_at", updated_at="t.opened_at",
        )  # fmt: skip
    _insert(
        JiraIssue, "t.id > 0",
        id="t.id", ticket_id="t.id", key="t.itsm_ticket_id", category="'done'", created_at="t.opened_at",
    )  # fmt: skip
    _insert(
        InboundCall, "t.id %% 50 = 0",
        id="t.id", identity="t.dedup_key", channel="'jira'", received_at="t.opened_at", due_at="t.opened_at",
        done_at="t.opened_at",
    )  # fmt: skip
    _insert(
        Broadcast, "t.id <= 10000",
        id="t.id", identity="'digest:daily:' || t.id || ':slack'", channel="'slack'", subject="'Digest'", text="'…'",
        state="'sent'", due_at="t.opened_at", created_at="t.opened_at", sent_at="t.opened_at",
    )  # fmt: skip


def _insert(model: type[models.Model], condition: Sql, **told: Sql) -> None:
    """A row for each ticket `t` that meets the condition: columns as `told`, the others as a new row has them."""
    usual = model()
    columns, shown, given = list[str](), list[Sql](), list[Any]()
    for field in model._meta.local_concrete_fields:
        column = str(field.column)
        if column == "id" and column not in told:
            continue
        columns.append(f'"{column}"')
        if column in told:
            shown.append(told[column])
        else:
            shown.append("%s")
            given.append(field.get_db_prep_save(getattr(usual, field.attname), connection))
    _execute(
        f'INSERT INTO "{model._meta.db_table}" ({", ".join(columns)})'  # noqa: S608 - names and texts of our own
        f" SELECT {', '.join(shown)} FROM tickets_ticket t WHERE {condition}",
        given,
    )
    if connection.vendor == "postgresql" and "id" in told:
        table = model._meta.db_table
        _execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM \"{table}\"))"  # noqa: S608
        )


def _execute(sql: Sql, values: list[Any] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values or [])


def _json(value: object) -> Sql:
    return f"'{json.dumps(value)}'"


def _bytes(value: bytes) -> Sql:
    return f"'\\x{value.hex()}'" if connection.vendor == "postgresql" else f"X'{value.hex()}'"


def _true() -> Sql:
    return "true" if connection.vendor == "postgresql" else "1"


def _false() -> Sql:
    return "false" if connection.vendor == "postgresql" else "0"
