"""Notices for the tests of messages: a full one, a bare one, and strategies for hostile ones."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from integrations.notice import EvidenceLine, TicketNotice

OPENED = datetime(2025, 11, 29, 14, 30, 22, tzinfo=UTC)


def full_notice(**changed: Any) -> TicketNotice:
    notice = TicketNotice(
        ticket_id="ADF-20251129T143022-a3f2c1",
        pipeline="OrdersNightly",
        opened_at=OPENED,
        source="Data Factory",
        run_id="4f6c1d7e-90ab-4cde-8f01-23456789abcd",
        error_type="UserErrorSourceBlobNotExist",
        error_message="Failure happened on 'Source' side.\nThe required blob is missing: raw/orders.csv",
        severity="High",
        priority="P2",
        status="open",
        root_cause="The upstream export had not written orders.csv when the copy began.",
        confidence="High",
        provider="rules",
        recommendations=("Check the export job of 14:00", "Rerun from the failed activity"),
        evidence=(
            EvidenceLine(1, "CopyOrders failed after 12 s: ErrorCode=UserErrorSourceBlobNotExist"),
            EvidenceLine(4, "Last success 23 h ago", "https://adf.example.test/run/1"),
        ),
        affected_entity="raw/orders.csv",
        finops_team="DataEng",
        finops_owner="john.doe@company.test",
        finops_cost_center="IT-12345",
        itsm_ticket_id="OPS-17",
        itsm_url="https://desk.example.test/browse/OPS-17",
        dashboard_url="https://aiops.example.test/dashboard?ticket=ADF-20251129T143022-a3f2c1",
        run_url="https://adf.example.test/monitoring/4f6c1d7e",
        sla_due_at=OPENED + timedelta(minutes=30),
        sla_status="Pending",
        related="Databricks job 17 failed inside this run (DBX-20251129T143020-0b1c2d)",
    )
    return replace(notice, **changed)


def bare_notice(**changed: Any) -> TicketNotice:
    return replace(
        TicketNotice(ticket_id="FUNC-20251129T143022-000001", pipeline="", opened_at=OPENED), **changed
    )


def closed_notice(**changed: Any) -> TicketNotice:
    closed = full_notice(
        status="acknowledged",
        acknowledged_by="Ann Lee",
        acknowledged_at=OPENED + timedelta(minutes=12, seconds=41),
        mttr_seconds=761,
        sla_status="Met",
    )
    return replace(closed, **changed)


_NASTY = st.sampled_from(
    [
        "",
        " ",
        "\n\n",
        "\x00",
        "\ud800",
        "<!channel>",
        "<@U123>",
        "&lt;",
        "```",
        "*b*",
        "😀" * 50,
        "x" * 20_000,
        "ü&<>" * 900,
    ]
)
_TEXT = st.one_of(st.text(st.characters(), max_size=40), _NASTY)
_TEXTS = st.lists(_TEXT, max_size=30).map(tuple)


_NOT_FREE_TEXT = {"ticket_id", "status"}
_TEXT_FIELDS = [
    field.name for field in fields(TicketNotice) if field.type == "str" and field.name not in _NOT_FREE_TEXT
]


@st.composite
def any_notice(draw: st.DrawFn) -> TicketNotice:
    """A notice whose every text is whatever a vendor, a model or an attacker wrote."""
    texts = {name: draw(_TEXT) for name in _TEXT_FIELDS}
    evidence = tuple(EvidenceLine(number, text) for number, text in enumerate(draw(_TEXTS), 1))
    return full_notice(
        **texts, recommendations=draw(_TEXTS), evidence=evidence, occurrences=draw(st.integers(1, 10**6))
    )
