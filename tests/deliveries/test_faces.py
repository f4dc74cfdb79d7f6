"""Deliveries as people see them: the API, the ticket's section, the console, the metrics."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from audit import actions
from audit.models import AuditEntry
from integrations.models import Delivery, State
from integrations.services import plan_deliveries, send_again
from tests.deliveries.conftest import Worker
from tests.deliveries.test_changes import ANN
from tests.deliveries.test_exactly_once import ANALYSED, assert_told_once, told_ticket
from tests.support.factories import make_ticket
from tests.support.world import World
from tickets.api.detail import ticket_detail

pytestmark = pytest.mark.django_db


@pytest.fixture
def parked(world: World, turn: Worker, settings: pytest.FixtureRequest) -> Delivery:
    settings.SLACK_ALERT_CHANNEL = "no-such-channel"  # type: ignore[attr-defined]
    told_ticket(turn)
    settings.SLACK_ALERT_CHANNEL = "aiops-rca-alerts"  # type: ignore[attr-defined]
    return Delivery.objects.get(channel="slack")


def test_list_is_filtered_by_ticket_and_state_and_paged(
    client: Client, viewer: User, parked: Delivery
) -> None:
    client.force_login(viewer)
    plan_deliveries(make_ticket(**ANALYSED).pk)
    rows = client.get(f"/api/deliveries?ticket={parked.ticket.key}&state=parked").json()["deliveries"]
    assert [(row["id"], row["ticket_id"], row["state"]) for row in rows] == [
        (parked.pk, parked.ticket.key, "parked")
    ]
    assert rows[0]["advice"]
    first = client.get("/api/deliveries/?limit=4").json()
    second = client.get(first["next"]).json()
    assert [len(first["deliveries"]), len(second["deliveries"]), second["next"]] == [4, 2, None]


@pytest.mark.parametrize(
    ("query", "field"),
    [("state=lost", "state"), ("limit=x", "limit"), ("cursor=-1", "cursor"), ("before=7", "before")],
)
def test_bad_filter_is_named(client: Client, viewer: User, query: str, field: str) -> None:
    client.force_login(viewer)
    answer = client.get(f"/api/deliveries?{query}")
    assert answer.status_code == 400
    assert field in answer.json()["fields"]


@pytest.mark.parametrize(
    ("person", "status"),
    [("viewer", 403), ("outsider", 403), ("analyst", 202), ("approver", 202), ("admin_person", 202)],
)
def test_sending_again_needs_an_analyst(
    client: Client, request: pytest.FixtureRequest, parked: Delivery, person: str, status: int
) -> None:
    client.force_login(request.getfixturevalue(person))
    assert client.post(f"/api/deliveries/{parked.pk}/send").status_code == status
    assert (Delivery.objects.get(pk=parked.pk).state == State.PENDING) is (status == 202)
    assert AuditEntry.objects.filter(action="Delivery Requested").count() == (status == 202)


def test_without_a_credential_nothing_is_told(client: Client, parked: Delivery) -> None:
    assert client.get("/api/deliveries").status_code == 401
    assert client.post(f"/api/deliveries/{parked.pk}/send").status_code == 401


def test_delivery_that_does_not_exist_is_404(client: Client, analyst: User) -> None:
    client.force_login(analyst)
    assert client.post("/api/deliveries/4711/send").status_code == 404


def test_parked_message_sent_again_arrives(world: World, turn: Worker, parked: Delivery) -> None:
    send_again(parked.pk, actor=ANN)
    turn()
    parked.refresh_from_db()
    assert (parked.state, parked.last_error, parked.advice) == (State.SENT, "", "")
    assert len(world.slack.posts) == 1


def test_all_sent_again_make_nothing_twice(world: World, turn: Worker) -> None:
    ticket = told_ticket(turn)
    for delivery in Delivery.objects.all():
        send_again(delivery.pk, actor=ANN)
    turn()
    assert_told_once(world, ticket)


def test_section_of_the_ticket_tells_each_delivery(world: World, turn: Worker) -> None:
    ticket = told_ticket(turn)
    rows = ticket_detail(ticket)["deliveries"]
    assert [(row["channel"], row["operation"], row["state"], row["attempts"]) for row in rows] == [
        ("jira", "create", "sent", 1), ("slack", "post", "sent", 1), ("blob", "archive", "sent", 1),
    ]  # fmt: skip
    assert {"id", "last_error", "advice", "updated_at"} <= set(rows[0])


def test_console_sends_again_by_post_only_and_not_for_viewers(
    client: Client, admin_person: User, viewer: User, parked: Delivery
) -> None:
    User.objects.filter(pk=admin_person.pk).update(is_superuser=True)
    address = reverse("admin:integrations_delivery_changelist")
    form = {"action": "send_again_action", "_selected_action": str(parked.pk)}
    client.force_login(viewer)
    client.post(address, form)
    assert Delivery.objects.get(pk=parked.pk).state == State.PARKED
    client.force_login(User.objects.get(pk=admin_person.pk))
    assert client.get(address, form).status_code == 400  # no filter of this list
    assert Delivery.objects.get(pk=parked.pk).state == State.PARKED
    assert client.get(reverse("admin:integrations_delivery_change", args=[parked.pk])).status_code == 200
    client.post(address, form)
    assert Delivery.objects.get(pk=parked.pk).state == State.PENDING


@pytest.mark.parametrize("how", ["from the list", "from the ticket"])
def test_failed_deliveries_of_chosen_tickets_are_sent_again(
    client: Client, analyst: User, parked: Delivery, *, world: World, turn: Worker, how: str
) -> None:
    client.force_login(analyst)
    page = reverse("admin:tickets_ticket_changelist")
    form = {"action": "send_again_selected", "_selected_action": str(parked.ticket_id), "confirmed": "yes"}
    if how == "from the ticket":
        page, form = reverse("admin:tickets_ticket_do", args=[parked.ticket_id, "send_again"]), {}
    told = client.post(page, form, follow=True).context["messages"]
    assert [str(each) for each in told] == [
        f"{parked.ticket.key}: what failed to be told is tried again now."
    ]
    entry = AuditEntry.objects.get(action=actions.DELIVERY_REQUESTED)
    assert (entry.actor, entry.details) == (analyst.email, {"delivery": parked.pk, "before": "parked"})
    turn()
    parked.ticket.refresh_from_db()
    assert_told_once(world, parked.ticket)
    (refused,) = client.post(page, form, follow=True).context["messages"]
    assert "no delivery of it has failed" in str(refused)


def test_metrics_count_what_stands_still(client: Client, parked: Delivery) -> None:
    text = client.get("/metrics").content.decode()
    assert 'aiops_deliveries_open{channel="slack",state="parked"} 1.0' in text
    assert 'aiops_deliveries_total{channel="jira",operation="create",outcome="sent"}' in text
