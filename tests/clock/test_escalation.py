"""Escalation: the steps of a team's ladder, each once, until somebody takes the ticket."""

from __future__ import annotations

import hashlib
import hmac
from datetime import time, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core import mail
from pytest_django.fixtures import Settings

from audit.models import AuditEntry
from integrations.deliveries.jira_acts import raised
from integrations.errors import IntegrationError
from integrations.models import Delivery
from integrations.public_address import public_addresses
from tests.clock.conftest import ANN, HOOK_SECRET, Desk, policy, window
from tests.support.adf_validator import texts
from tests.support.factories import make_ticket
from tests.support.name_server import answering
from tests.support.tls_server import certificate_for, serving_tls
from tests.support.together import at_once
from tests.support.vendor_server import Answer
from tickets import services
from tickets.api.detail import ticket_detail
from tickets.escalation.services import take_due_steps
from tickets.models import Escalation, Ticket
from tickets.policies import mention_markup
from tickets.services import mark_breaches, mark_warnings

pytestmark = pytest.mark.django_db


def taken(ticket: Ticket) -> list[tuple[str, int]]:
    """Kind, and minutes after the due moment at which it was due."""
    return [
        (step.kind, round((step.due_at - ticket.sla_due_at).total_seconds() / 60))
        for step in Escalation.objects.filter(ticket=ticket)
    ]


def test_breach_calls_the_team_in_the_thread_and_on_the_issue(desk: Desk) -> None:
    policy("Sales", mention="S0SALES", slack_channel="#team-sales")
    policy("", mention="here")
    desk.open(1)
    desk.open(2, "Finance_Load")
    desk.tick(minutes=15, seconds=5)
    desk.tick(seconds=5)
    assert [post["channel"] for post in desk.world.slack.posts] == ["team-sales", "aiops-rca-alerts"]
    said = [reply["text"] for reply in desk.world.slack.replies]
    assert [text.split()[0] for text in said] == ["<!subteam^S0SALES>", "<!here>"]
    assert all("P1 was due at 2020-11-20 12:15:00 UTC" in text for text in said)
    assert all("SLA BREACHED" in post["text"] for post in desk.world.slack.posts)
    for issue in desk.world.jira.issues:
        (comment,) = issue.comments
        assert "SLA breached" in " ".join(texts(comment["body"]))


def warnings(desk: Desk) -> list[str]:
    return [reply["text"] for reply in desk.world.slack.replies if "SLA warning" in reply["text"]]


def test_warning_is_told_in_the_thread_once_while_there_is_time_and_calls_nobody(desk: Desk) -> None:
    policy("", mention="here")
    desk.open(1)
    desk.tick(minutes=11, seconds=59)
    assert warnings(desk) == []
    desk.tick(seconds=1)
    desk.tick(seconds=5)
    (said,) = warnings(desk)
    assert "P1 is due at 2020-11-20 12:15:00 UTC, in 3 min, and nobody has acknowledged it" in said
    assert "<!here>" not in said


def test_warning_that_waited_until_somebody_took_the_ticket_is_not_sent(desk: Desk) -> None:
    ticket = desk.open(1)
    desk.clock.on(minutes=12)
    mark_warnings(desk.clock.at)
    services.acknowledge(ticket.pk, actor=ANN)
    desk.work()
    assert warnings(desk) == []
    assert Delivery.objects.get(part="warning-0-P1").state == "skipped"


def test_ticket_that_gets_more_time_after_its_warning_is_warned_of_the_new_moment(desk: Desk) -> None:
    ticket = desk.open(1)
    desk.tick(minutes=12)
    finding = services.AnalysisResult(
        provider="rules", root_cause="A", error_type="B", cause_class="unknown", confidence="Low",
        severity="High",
    )  # fmt: skip
    services.apply_analysis(ticket.pk, finding, now=desk.clock.at)
    desk.tick(minutes=11)
    assert len(warnings(desk)) == 1
    desk.tick(minutes=1)
    assert "P2 is due at 2020-11-20 12:30:00 UTC, in 6 min" in warnings(desk)[1]


def test_warning_in_a_quiet_time_is_told_to_nobody(desk: Desk) -> None:
    desk.open(1)
    window(start_time=time(12, 10))
    desk.clock.on(minutes=11)
    desk.tick(minutes=1)
    assert AuditEntry.objects.filter(action="SLA Warning").count() == 1
    assert warnings(desk) == []


def test_every_kind_of_step_is_sent_in_its_time_once(desk: Desk) -> None:
    hook = f"{desk.world.vendor.url}/hook"
    policy(
        "", (0, "slack", "U0ONCALL"), (10, "email", "lead@example.com, head@example.com"),
        (20, "jira_priority", ""), (30, "webhook", hook),
    )  # fmt: skip
    ticket = desk.open(1, severity="High")
    for _ in range(14):
        desk.tick(minutes=5)
    assert taken(ticket) == [("slack", 0), ("email", 10), ("jira_priority", 20), ("webhook", 30)]
    (message,) = [post for post in desk.world.slack.posts if post["channel"] == "U0ONCALL"]
    assert message["text"].startswith("🔺 ESCALATED: Sales_Load")
    (letter,) = mail.outbox
    assert letter.to == ["lead@example.com", "head@example.com"]
    assert letter.subject.startswith("[P2] SLA breached: Sales_Load")
    assert ticket.key in letter.body
    assert desk.world.jira.issues[0].fields["priority"] == {"name": "Highest"}
    assert len(desk.hooks()) == 1
    shown = ticket_detail(desk.read(ticket))["escalations"]
    assert [step["target"] for step in shown][2:] == [
        "",
        urlsplit(hook).hostname,
    ]  # a webhook's path may be a secret, and so may what stands before its host
    entries = AuditEntry.objects.filter(action="Escalation Step Taken").order_by("id")
    assert [entry.summary for entry in entries][3].endswith(f"Signed webhook {urlsplit(hook).hostname}")
    assert AuditEntry.objects.filter(action="Escalation Sent").count() == 4


def test_webhook_is_signed_over_timestamp_and_body(desk: Desk) -> None:
    policy("", (0, "webhook", f"{desk.world.vendor.url}/hook"))
    ticket = desk.open(1)
    desk.tick(minutes=16)
    (request,) = desk.hooks()
    stamp = request.headers["x-aiops-timestamp"]
    content = stamp.encode() + b"." + request.body
    signature = hmac.new(HOOK_SECRET.encode(), content, hashlib.sha256).hexdigest()
    assert request.headers["x-aiops-signature"] == f"sha256={signature}"
    assert stamp == str(int(desk.clock.at.timestamp()))
    body = request.json()
    assert (body["event"], body["ticket"]["id"], body["ticket"]["priority"]) == (
        "ticket.escalated", ticket.key, "P1",
    )  # fmt: skip


@pytest.mark.parametrize("way", ["acknowledged", "acknowledged while it waits to be sent"])
def test_acknowledgement_stops_the_ladder(desk: Desk, way: str) -> None:
    policy("", (0, "slack", "U0ONCALL"), (10, "slack", "U0ONCALL"))
    ticket = desk.open(1)
    desk.tick(minutes=16)
    if way == "acknowledged":
        services.acknowledge(ticket.pk, actor=ANN)
        desk.tick(hours=2)
        assert Escalation.objects.count() == 1
    else:
        desk.clock.on(minutes=20)
        assert take_due_steps(desk.clock.at) == 1
        services.acknowledge(ticket.pk, actor=ANN)
        desk.work()
        waited = Delivery.objects.filter(operation="escalate").order_by("-id")[0]
        assert (waited.state, waited.advice) == (
            "skipped", "The ticket was acknowledged before this was sent.",
        )  # fmt: skip
    assert len([post for post in desk.world.slack.posts if post["channel"] == "U0ONCALL"]) == 1


def test_starting_work_does_not_stop_it_and_reopening_begins_anew(desk: Desk) -> None:
    policy("", (0, "slack", "U0ONCALL"))
    ticket = desk.open(1)
    services.start(ticket.pk, actor=ANN)
    desk.tick(minutes=16)
    services.acknowledge(ticket.pk, actor=ANN)
    services.reopen(ticket.pk, actor=ANN)
    desk.tick(minutes=16)
    assert [step.period for step in Escalation.objects.all()] == [0, 1]
    assert len([post for post in desk.world.slack.posts if post["channel"] == "U0ONCALL"]) == 2


def test_own_policy_of_a_team_takes_the_place_of_the_common_one(desk: Desk) -> None:
    policy("", (0, "slack", "U0ONCALL"))
    policy("Sales")
    desk.open(1)
    desk.tick(hours=1)
    assert not Escalation.objects.exists()


def test_channel_without_settings_is_skipped_with_advice(desk: Desk, settings: Settings) -> None:
    settings.EMAIL_HOST = ""
    settings.ESCALATION_SIGNING_SECRET = ""
    policy("", (0, "email", "lead@example.com"), (0, "webhook", "https://example.com/hook"))
    desk.open(1)
    desk.tick(minutes=16)
    advice = dict(Delivery.objects.filter(operation="escalate").values_list("channel", "advice"))
    assert advice == {"email": "Set EMAIL_HOST.", "webhook": "Set ESCALATION_SIGNING_SECRET."}
    assert mail.outbox == []


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/x", "https://127.0.0.1/x", "https://localhost/x", "https://10.1.2.3/x",
        "https://169.254.169.254/latest/meta-data", "https://[::1]/x", "https://[::ffff:10.0.0.1]/x",
        "https://0.0.0.0/x", "https:///x", "https://[::ffff:8.8.8.8]/x", "https://[64:ff9b::a00:1]/x",
        "https://[::a00:1]/x", "https://[::ffff:0:a00:1]/x", "https://[2002:a00:1::]/x", "https://[fec0::1]/x",
        "https://192.0.0.9/x", "https://168.63.129.16/x",
    ],
)  # fmt: skip
def test_webhook_reaches_no_address_inside(url: str) -> None:
    with pytest.raises(IntegrationError) as refused:
        public_addresses("webhook", url, ())
    assert refused.value.permanent
    assert refused.value.code == "address_refused"


@pytest.mark.parametrize("url", ["https://8.8.8.8/x", "https://[2606:4700:4700::1111]/x"])
def test_webhook_reaches_public_addresses(url: str) -> None:
    assert public_addresses("webhook", url, ()) == (urlsplit(url).hostname,)


def test_webhook_goes_to_the_address_that_was_checked(
    desk: Desk, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = certificate_for("hooks.example", tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,hooks.example")
    monkeypatch.setattr("integrations.public_address._is_public", "127.0.0.1".__eq__)
    settings.ESCALATION_WEBHOOK_HOSTS = ()
    asked = answering(monkeypatch, "hooks.example", ("127.0.0.1",), ("127.0.0.9",))
    with serving_tls("127.0.0.1", certificate) as receiver:
        policy("", (0, "webhook", f"https://hooks.example:{receiver.port}/hook"))
        desk.open(1)
        desk.tick(minutes=16)
    assert Delivery.objects.get(channel="webhook").state == "sent"
    assert receiver.hosts == [f"hooks.example:{receiver.port}"]
    assert asked == ["hooks.example"]


def test_redirected_webhook_is_not_followed(desk: Desk) -> None:
    desk.world.vendor.on(
        "POST", "/hook", Answer(307, headers={"Location": f"{desk.world.vendor.url}/inside"})
    )
    policy("", (0, "webhook", f"{desk.world.vendor.url}/hook"))
    desk.open(1)
    desk.tick(minutes=16)
    assert [request.path for request in desk.world.vendor.requests if request.path == "/inside"] == []
    assert Delivery.objects.get(channel="webhook").state == "parked"


@pytest.mark.parametrize(
    ("mention", "markup"),
    [
        ("here", "<!here>"), ("@channel", "<!channel>"), ("U0ABCDEF1", "<@U0ABCDEF1>"),
        ("S0ABCDEF1", "<!subteam^S0ABCDEF1>"), ("", ""), ("<!everyone> now", ""),
    ],
)  # fmt: skip
def test_mention_is_markup_of_our_own_making(mention: str, markup: str) -> None:
    assert mention_markup(mention) == markup


@pytest.mark.parametrize(
    ("priority", "target", "wanted"),
    [("P3", "", "P2"), ("P1", "", ""), ("P4", "p1", "P1"), ("P2", "P3", ""), ("P2", "P2", "")],
)
def test_priority_is_only_raised(priority: str, target: str, wanted: str) -> None:
    assert raised(priority, target) == wanted


@pytest.mark.django_db(transaction=True)
def test_several_workers_at_once_take_each_step_once() -> None:
    policy("", (0, "slack", "U0ONCALL"), (0, "email", "lead@example.com"))
    tickets = [make_ticket() for _ in range(6)]
    late = tickets[-1].sla_due_at + timedelta(seconds=30)

    def look() -> None:
        mark_breaches(late)
        take_due_steps(late)

    at_once(look, look, look, look)
    assert AuditEntry.objects.filter(action="SLA Breached").count() == 6
    assert Escalation.objects.count() == 12
    assert Delivery.objects.filter(operation="escalate").count() == 12
