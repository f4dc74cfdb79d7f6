"""Every registered page and action for all five people: reading changes nothing, and acting needs the role."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.urls import reverse
from unfold.admin import ModelAdmin

from accounts.models import ServiceKey, User
from tests.console.conftest import CAST, Cast, registered, snapshot
from tickets.admin.verbs import VERBS
from tickets.choices import Status
from tickets.models import Ticket
from tickets.steps import steps_of

ADMINS_ONLY = {"accounts.User", "accounts.ServiceKey", "tickets.TeamPolicy"}
WRITTEN_BY_ACTORS = {"tickets.MaintenanceWindow", "tickets.Mute"}
READERS = {"viewer", "analyst", "approver", "admin"}
ACTORS = {"analyst", "approver", "admin"}
SENDING = {"acknowledge": {"note": "fixed"}, "assign": {"person": ""}, "comment": {"text": "seen"}}


def name_of(model: Any, page: str) -> str:
    return f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}"


# Whoever takes an alert out as it came is recorded, which is no look (tests/door/test_event_admin.py).
DOWNLOADS = {"ingestion_alertevent_body", "ingestion_alertevent_file"}
TAKES_NO_RECORD = {"view_on_site", "jsi18n"}
WITHOUT_ROWS = {"audit.AuditPruning", "audit.AuditErasure"}


def key_of(model: Any) -> Any:
    row = model._base_manager.order_by("pk").first()
    assert row is not None or model._meta.label in WITHOUT_ROWS
    return row.pk if row else 1


def pages_of(model: Any, model_admin: Any) -> list[str]:
    """Every address of a model that takes no argument or a primary key, as its admin declares them."""
    key = key_of(model)
    found = []
    for pattern in model_admin.get_urls():
        if not pattern.name or pattern.name in DOWNLOADS:
            continue
        keys = set(pattern.pattern.converters)
        if keys <= {"object_id", "pk", "id"}:
            found.append(reverse(f"admin:{pattern.name}", kwargs=dict.fromkeys(keys, key)))
        elif keys == {"pk", "verb"}:
            found += [reverse(f"admin:{pattern.name}", args=[key, verb]) for verb in VERBS]
        elif keys == {"pk", "digest"}:
            found += [reverse(f"admin:{pattern.name}", args=[key, digest]) for digest in digests_of(key)]
        else:
            assert pattern.name in TAKES_NO_RECORD, f"nobody looks at {pattern.name}: say how it is reached"
    return found


def digests_of(ticket_id: int) -> list[str]:
    """The names of the ticket's recommendations, or one that it has not."""
    return [step.digest for step in steps_of(Ticket.objects.get(pk=ticket_id))] or ["0" * 64]


def own_pages() -> list[str]:
    return [
        reverse("admin:index"),
        reverse("console_settings"),
        reverse("console_health"),
        reverse("console_showback"),
    ]


@pytest.mark.parametrize("person", CAST)
def test_looking_at_any_page_changes_nothing(cast: Cast, everything: Ticket, person: str) -> None:
    before = snapshot()
    seen: list[int] = []
    for model, model_admin in registered():
        for page in pages_of(model, model_admin):
            answer = cast.clients[person].get(page)
            assert answer.status_code in {200, 302, 403, 404, 405}, (page, answer.status_code)
            seen.append(answer.status_code)
            for action in model_admin.get_actions(answer.wsgi_request):
                query = {"action": action, ACTION_CHECKBOX_NAME: "1", "confirmed": "yes", "post": "yes"}
                cast.clients[person].get(page, query)
    for page in own_pages():
        cast.clients[person].get(page)
    assert snapshot() == before
    assert (200 in seen) is (person != "outsider") or person == "outsider"


@pytest.mark.parametrize("person", CAST)
def test_a_list_opens_for_those_whose_role_reads_it(cast: Cast, everything: Ticket, person: str) -> None:
    for model, _ in registered():
        allowed = {"admin"} if model._meta.label in ADMINS_ONLY else READERS
        pages = [reverse(name_of(model, "changelist"))]
        if model._meta.label not in WITHOUT_ROWS:
            pages.append(reverse(name_of(model, "change"), args=[key_of(model)]))
        for page in pages:
            expected = 200 if person in allowed else 403
            assert cast.clients[person].get(page).status_code == expected, page


@pytest.mark.parametrize("person", CAST)
def test_no_record_is_added_changed_or_deleted_by_a_form(cast: Cast, everything: Ticket, person: str) -> None:
    before = snapshot()
    for model, _ in registered():
        key = key_of(model)
        writing = [reverse(name_of(model, "delete"), args=[key])]
        if model._meta.label in WRITTEN_BY_ACTORS and person in ACTORS:
            pass  # tests/clock shows what their forms do
        elif model._meta.label not in ADMINS_ONLY or person != "admin":
            writing += [reverse(name_of(model, "add")), reverse(name_of(model, "change"), args=[key])]
        for page in writing:
            answer = cast.clients[person].post(page, {"post": "yes", "name": "new", "email": "n@example.com"})
            assert answer.status_code in {302, 403, 405}, (page, answer.status_code)
    assert snapshot() == before


@pytest.mark.parametrize("person", ["viewer", "outsider"])
def test_who_may_not_act_cannot_by_posting_any_action(cast: Cast, everything: Ticket, person: str) -> None:
    before = snapshot()
    for model, model_admin in registered():
        page = reverse(name_of(model, "changelist"))
        actions = [getattr(each, "__name__", each) for each in model_admin.actions or ()]
        for action in actions:
            body = {"action": action, ACTION_CHECKBOX_NAME: str(everything.pk), "confirmed": "yes"}
            cast.clients[person].post(page, body)
    for verb in VERBS:
        page = reverse("admin:tickets_ticket_do", args=[everything.pk, verb])
        assert cast.clients[person].post(page, SENDING.get(verb, {})).status_code == 403
    for digest in digests_of(everything.pk):
        page = reverse("admin:tickets_ticket_step", args=[everything.pk, digest])
        assert cast.clients[person].post(page, {"done": "yes"}).status_code == 403
    judged = reverse("admin:rca_analysis_feedback", args=[everything.analyses.get().pk])
    assert cast.clients[person].post(judged, {"verdict": "wrong"}).status_code == 403
    key = ServiceKey.objects.get()
    for page in ("rotate", "revoke"):
        address = reverse(f"admin:accounts_servicekey_{page}", args=[key.pk])
        assert cast.clients[person].post(address, {"name": "another"}).status_code == 403
    assert snapshot() == before


@pytest.mark.parametrize("person", sorted(ACTORS))
def test_who_may_act_acknowledges_from_the_detail_page(cast: Cast, everything: Ticket, person: str) -> None:
    page = reverse("admin:tickets_ticket_do", args=[everything.pk, "acknowledge"])
    answer = cast.clients[person].post(page, {"note": "fixed", "version": everything.version})
    assert answer.status_code == 302
    everything.refresh_from_db()
    assert (everything.status, everything.resolution_note) == (Status.ACKNOWLEDGED, "fixed")
    assert everything.ack_user == cast.people[person].email


@pytest.mark.parametrize("person", ["viewer", "analyst", "approver", "outsider"])
def test_people_and_keys_are_for_administrators(cast: Cast, everything: Ticket, person: str) -> None:
    for page in (
        reverse("admin:accounts_user_add"),
        reverse("admin:accounts_servicekey_add"),
        reverse("console_settings"),
        reverse("admin:auth_user_password_change", args=[cast.people["admin"].pk]),
    ):
        assert cast.clients[person].get(page).status_code == 403, page
    assert User.objects.count() == len(CAST)


def test_the_front_page_shows_no_figure_to_who_holds_no_role(cast: Cast, everything: Ticket) -> None:
    page = cast.clients["outsider"].get(reverse("admin:index")).content.decode()
    assert "holds no role" in page
    assert "SLA breached" not in page
    assert everything.key not in page


def test_every_registered_model_stands_on_the_desk_or_on_unfold() -> None:

    foreign = [model._meta.label for model, admin in registered() if not isinstance(admin, ModelAdmin)]
    assert foreign == []


@pytest.mark.parametrize(
    "query",
    [
        "integrations/delivery/?content__target__startswith=https",
        "ingestion/alertevent/?failure_trace__startswith=T",
        "tickets/ticket/?assigned_to__password__startswith=a",
        "tickets/ticket/?severity__startswith=C",
        "accounts/user/?sso_subject__startswith=a",
        "audit/auditentry/?personal__address__startswith=1",
    ],
)
def test_list_answers_no_question_about_a_column_that_it_does_not_show(cast: Cast, query: str) -> None:
    assert cast.clients["admin"].get(f"/admin/{query}").status_code == 400
