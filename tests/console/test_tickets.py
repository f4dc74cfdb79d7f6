"""The ticket desk: filters, saved views, verbs for one and many, exports, and text that stays text."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook  # type: ignore[import-untyped]

from accounts.actors import person
from audit import actions
from audit.models import AuditEntry
from audit.services import Actor
from tests.console.conftest import HOSTILE, Cast, full_ticket
from tests.support.factories import make_ticket
from tickets import services
from tickets.admin import panels
from tickets.choices import ProcessingState, Status
from tickets.models import Ticket

LIST = "/admin/tickets/ticket/"
EXPORT = "/admin/tickets/ticket/export/"


def shown(client: Client, query: str) -> list[str]:
    answer = client.get(f"{LIST}?{query}")
    assert answer.status_code == 200
    return [ticket.key for ticket in answer.context["cl"].result_list]


def post_action(client: Client, action: str, tickets: list[Ticket], **values: str) -> list[str]:
    """Choose tickets, run an action, answer its questions; the messages on the page that follows."""
    body = {"action": action, ACTION_CHECKBOX_NAME: [str(each.pk) for each in tickets], **values}
    answer = client.post(LIST, body, follow=True)
    return [str(message) for message in answer.context["messages"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("sla=breached", ["late"]),
        ("sla=risk", ["soon"]),
        ("sla=met", ["done"]),
        ("state=unfinished&owner=nobody", ["soon", "late"]),
        ("owner=me", ["mine"]),
        ("severity__exact=Critical", ["late"]),
        ("priority__exact=P1", ["late"]),
        ("source__exact=databricks", ["soon"]),
        ("cause_class__exact=timeout", ["done"]),
        ("error_type=GatewayTimeout", ["done"]),
        ("team=Finance", ["mine"]),
        ("q=OPS-77", ["mine"]),
        ("q=run-of-soon", ["soon"]),
        ("q=no+such+blob", ["late"]),
        ("q=DONE", ["done"]),
        ("state=acknowledged", ["done"]),
    ],
)
def test_a_filter_shows_just_its_tickets(cast: Cast, query: str, expected: list[str]) -> None:
    now = timezone.now()
    make_ticket(
        key="done", status="acknowledged", sla_status="Met", error_type="GatewayTimeout", cause_class="timeout",
        assigned_to=cast.people["admin"], opened_at=now - timedelta(minutes=4),
    )  # fmt: skip
    make_ticket(
        key="mine", assigned_to=cast.people["analyst"], finops_team="Finance", itsm_ticket_id="OPS-77",
        opened_at=now - timedelta(minutes=3), sla_due_at=now + timedelta(hours=2),
    )  # fmt: skip
    make_ticket(
        key="late", severity="Critical", priority="P1", error_message="no such blob",
        opened_at=now - timedelta(minutes=2), sla_due_at=now - timedelta(minutes=1),
    )  # fmt: skip
    make_ticket(
        key="soon", source="databricks", run_id="run-of-soon", opened_at=now - timedelta(minutes=1),
        sla_due_at=now + timedelta(minutes=5),
    )  # fmt: skip
    assert shown(cast.clients["analyst"], query) == expected


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2026-03-02", "2026-03-02", ["day"]),
        ("2026-03-01", "", ["after", "day"]),
        ("nonsense", "2026-13-01", ["after", "day"]),
    ],
)
def test_a_day_range_includes_both_days(cast: Cast, first: str, last: str, expected: list[str]) -> None:
    make_ticket(key="day", opened_at=datetime(2026, 3, 2, 23, 59, 59, tzinfo=UTC))
    make_ticket(key="after", opened_at=datetime(2026, 3, 3, tzinfo=UTC))
    assert shown(cast.clients["viewer"], f"opened_at_from={first}&opened_at_to={last}") == expected


def test_a_saved_view_marks_itself_as_the_current_one(cast: Cast) -> None:
    make_ticket()
    page = cast.clients["viewer"].get(f"{LIST}?sla=breached").content.decode()
    assert '<a href="?sla=breached" class="views__item is-current" aria-current="page">Breached</a>' in page


def test_an_action_asks_first_and_changes_nothing_by_asking(cast: Cast) -> None:
    ticket = make_ticket()
    body = {"action": "acknowledge_selected", ACTION_CHECKBOX_NAME: [str(ticket.pk)]}
    answer = cast.clients["analyst"].post(LIST, body)
    assert "Resolution note" in answer.content.decode()
    ticket.refresh_from_db()
    assert ticket.status == Status.OPEN


def test_many_are_acknowledged_with_a_result_each(cast: Cast) -> None:
    done, running, fresh = make_ticket(), make_ticket(), make_ticket()
    actor = services_actor(cast)
    services.acknowledge(done.pk, actor=actor)
    services.start(running.pk, actor=actor)
    told = post_action(
        cast.clients["analyst"],
        "acknowledge_selected",
        [done, running, fresh],
        confirmed="yes",
        note="re-ran it",
    )
    assert "3 tickets: 2 done, 1 unchanged." in told
    assert f"{fresh.key}: acknowledged." in told
    assert f"{done.key}: nothing to do, it is acknowledged as asked for." in told
    fresh.refresh_from_db()
    assert (fresh.status, fresh.resolution_note) == (Status.ACKNOWLEDGED, "re-ran it")
    entry = AuditEntry.objects.filter(action=actions.TICKET_CLOSED, ticket_key=fresh.key).get()
    assert entry.actor == "analyst@example.com"


def services_actor(cast: Cast) -> Actor:

    return person(cast.people["admin"])


def test_one_that_cannot_go_there_is_refused_and_the_rest_goes_on(cast: Cast) -> None:
    done, fresh = make_ticket(), make_ticket()
    services.acknowledge(done.pk, actor=services_actor(cast))
    told = post_action(cast.clients["analyst"], "start_selected", [done, fresh], confirmed="yes")
    assert any(text.startswith(f"{done.key}: A ticket that is acknowledged cannot") for text in told)
    fresh.refresh_from_db()
    assert (fresh.status, fresh.assigned_to) == (Status.IN_PROGRESS, cast.people["analyst"])


def test_assign_reanalyse_and_reopen_reach_their_services(cast: Cast) -> None:
    ticket = make_ticket(processing_state=ProcessingState.NOTIFIED)
    analyst = cast.clients["analyst"]
    post_action(analyst, "assign_selected", [ticket], confirmed="yes", person=str(cast.people["approver"].pk))
    post_action(analyst, "reanalyse_selected", [ticket], confirmed="yes")
    post_action(analyst, "acknowledge_selected", [ticket], confirmed="yes")
    post_action(analyst, "reopen_selected", [ticket], confirmed="yes", reason="came back")
    ticket.refresh_from_db()
    assert (ticket.assigned_to, ticket.status) == (cast.people["approver"], Status.OPEN)
    assert ticket.needs_work
    recorded = set(AuditEntry.objects.filter(ticket_key=ticket.key).values_list("action", flat=True))
    assert {actions.TICKET_ASSIGNED, actions.RCA_REQUESTED, actions.TICKET_REOPENED} <= recorded


def test_a_viewer_cannot_be_made_the_owner(cast: Cast) -> None:
    ticket = make_ticket()
    page = reverse("admin:tickets_ticket_do", args=[ticket.pk, "assign"])
    answer = cast.clients["analyst"].post(page, {"person": str(cast.people["viewer"].pk)})
    assert "Select a valid choice" in answer.content.decode()
    ticket.refresh_from_db()
    assert ticket.assigned_to is None


def test_a_ticket_that_changed_since_it_was_looked_at_is_not_acknowledged(cast: Cast) -> None:
    ticket = make_ticket()
    services.start(ticket.pk, actor=services_actor(cast))
    page = reverse("admin:tickets_ticket_do", args=[ticket.pk, "acknowledge"])
    answer = cast.clients["analyst"].post(page, {"note": "x", "version": ticket.version}, follow=True)
    assert "was changed in the meantime" in answer.content.decode()
    ticket.refresh_from_db()
    assert ticket.status == Status.IN_PROGRESS


def test_a_form_without_its_token_is_refused(cast: Cast) -> None:
    ticket = make_ticket()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.people["analyst"])
    for page in (LIST, reverse("admin:tickets_ticket_do", args=[ticket.pk, "start"])):
        body = {"action": "start_selected", ACTION_CHECKBOX_NAME: [str(ticket.pk)], "confirmed": "yes"}
        assert strict.post(page, body).status_code == 403
    ticket.refresh_from_db()
    assert ticket.status == Status.OPEN


@pytest.mark.parametrize("tab", [name for name, _ in panels.tabs()])
def test_hostile_text_stays_text_on_every_tab(cast: Cast, tab: str) -> None:
    ticket = full_ticket(HOSTILE)
    Ticket.objects.filter(pk=ticket.pk).update(
        root_cause=HOSTILE, error_type=HOSTILE, recommendations=[HOSTILE], affected_entity=HOSTILE,
        resolution_note=HOSTILE, itsm_ticket_id=HOSTILE[:64], run_id=HOSTILE, error_code=HOSTILE,
        blob_log_url="javascript:alert(1)", finops_owner=HOSTILE, rca_provider=HOSTILE[:32],
        metadata={"run_page_url": "javascript:alert(1)"},
    )  # fmt: skip
    page = cast.clients["analyst"].get(
        reverse("admin:tickets_ticket_change", args=[ticket.pk]) + f"?tab={tab}"
    )
    text = page.content.decode()
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert 'href="javascript:' not in text
    assert "&lt;script&gt;alert(1)" in text


@pytest.mark.parametrize(
    "name",
    ["tickets_ticket", "audit_auditentry", "ingestion_alertevent", "integrations_delivery", "rca_analysis"],
)
def test_hostile_text_stays_text_in_every_list(cast: Cast, name: str) -> None:
    ticket = full_ticket(HOSTILE)
    Ticket.objects.filter(pk=ticket.pk).update(error_type=HOSTILE, finops_team=HOSTILE[:100])
    ticket.analyses.update(error_type=HOSTILE)
    text = cast.clients["admin"].get(reverse(f"admin:{name}_changelist")).content.decode()
    front = cast.clients["admin"].get(reverse("admin:index")).content.decode()
    for page in (text, front):
        assert "<script>alert" not in page
        assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)" in text


def test_an_export_holds_the_filtered_tickets_and_is_recorded(cast: Cast) -> None:
    make_ticket(key="ADF-1", severity="Critical", pipeline="=cmd|' /C calc'!A0")
    make_ticket(key="ADF-2", severity="Low")
    answer = cast.clients["viewer"].post(
        f"{EXPORT}?severity__exact=Critical", {"format": "0", "resource": ""}
    )
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert [row["id"] for row in rows] == ["ADF-1"]
    assert not rows[0]["pipeline"].startswith("=")
    entry = AuditEntry.objects.filter(action=actions.DATA_EXPORTED).get()
    assert entry.actor == "viewer@example.com"
    assert entry.details["filter"] == "severity__exact=Critical"


def test_an_export_as_a_sheet_opens(cast: Cast) -> None:
    make_ticket(key="ADF-1")
    answer = cast.clients["viewer"].post(EXPORT, {"format": "1", "resource": ""})
    sheet = load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    assert [cell.value for cell in next(sheet.iter_rows())][:2] == ["id", "timestamp"]


@pytest.mark.parametrize("name", ["==HYPERLINK(1)", "+1", "-1+1", "@x", "＝1"])
def test_nothing_in_an_export_runs_in_a_spreadsheet(cast: Cast, name: str) -> None:
    make_ticket(pipeline=name)
    client = cast.clients["viewer"]
    text = client.post(EXPORT, {"format": "0", "resource": ""}).content.decode()
    assert [row["pipeline"] for row in csv.DictReader(io.StringIO(text))] == [f"'{name}"]
    answer = client.post(EXPORT, {"format": "1", "resource": ""})
    sheet = load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    names, values = sheet.iter_rows(values_only=True)
    assert dict(zip(names, values, strict=True))["pipeline"] == f"'{name}"


@pytest.mark.parametrize("typed", ["ADF-20261120T120000-a3f2c1", "adf-20261120t120000-A3F2C1 "])
def test_the_audit_trail_finds_a_ticket_by_its_id_however_it_is_typed(cast: Cast, typed: str) -> None:
    wanted, other = make_ticket(key="ADF-20261120T120000-a3f2c1"), make_ticket()
    for ticket in (wanted, other):
        services.add_comment(ticket.pk, "seen", actor=services_actor(cast))
    answer = cast.clients["viewer"].get("/admin/audit/auditentry/", {"q": typed})
    assert {entry.ticket_key for entry in answer.context["cl"].result_list} == {wanted.key}


def test_a_filter_that_does_not_exist_is_no_server_error(cast: Cast) -> None:
    for page in (LIST, EXPORT):
        assert cast.clients["viewer"].get(f"{page}?nonsense=1").status_code == 400
        assert cast.clients["viewer"].get(f"{page}?opened_at__gte=never").status_code == 302


def test_a_ticket_that_does_not_exist_is_not_found(cast: Cast) -> None:
    for key in ("999999", "abc", "9" * 40):
        assert cast.clients["viewer"].get(f"{LIST}{key}/change/").status_code == 404
