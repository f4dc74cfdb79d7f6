"""The front page, the settings in force, health: what is told, what is red, and what is never shown."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.console.integrity import integrity
from aiops.console import settings_page, standing
from aiops.console.charts import read_charts
from aiops.console.figures import read_figures
from aiops.console.theme import UNFOLD
from audit.integrity import keep_result
from audit.report import Finding, Kind, Report
from ingestion import worker_pulse
from ingestion.models import AlertEvent, WorkerPulse
from integrations.models import Delivery
from tests.console.conftest import Cast, full_ticket, registered
from tests.support.factories import make_ticket


@pytest.fixture
def worker(db: None) -> None:
    WorkerPulse.objects.update_or_create(name=worker_pulse.NAME, defaults={"seen_at": timezone.now()})


def alarms() -> str:
    return " ".join(alarm.text for alarm in standing.alarms())


def test_nothing_is_red_when_all_is_well(worker: None) -> None:
    assert alarms() == ""


def test_open_webhooks_are_red(worker: None, settings: Settings) -> None:
    settings.WEBHOOK_AUTH = "off"
    assert "WEBHOOK_AUTH is off" in alarms()


def test_a_worker_that_is_not_seen_is_red(db: None) -> None:
    assert "No worker at work" in alarms()


def test_generated_secrets_are_red_behind_https_only(worker: None, settings: Settings) -> None:
    settings.SECRET_KEY = settings.LOCAL_SECRETS["DJANGO_SECRET_KEY"]
    assert "DJANGO_SECRET_KEY" not in alarms()
    settings.HTTPS = True
    assert "DJANGO_SECRET_KEY" in alarms()


def test_a_record_that_does_not_verify_is_red_on_the_front_page_and_in_the_trail(
    cast: Cast, worker: None
) -> None:
    keep_result(Report(finding=Finding(Kind.ENTRY_CHANGED, "Entry 7 was changed.", 1, 7)))
    assert "Entry 7 was changed." in alarms()
    assert "does not verify" in integrity().of_entry(1)
    for page in ("/admin/", "/admin/audit/auditentry/"):
        assert "Entry 7 was changed." in cast.clients["viewer"].get(page).content.decode()


def test_the_figures_count_what_their_lists_show(cast: Cast) -> None:
    now = timezone.now()
    make_ticket(sla_due_at=now - timedelta(hours=1))
    make_ticket(status="in_progress", sla_due_at=now - timedelta(minutes=1))
    make_ticket()
    make_ticket(
        status="acknowledged", sla_status="Met", acknowledged_at=now, ack_seconds=120,
        opened_at=now - timedelta(seconds=300),
    )  # fmt: skip
    AlertEvent.objects.create(source="adf", body=b"?", body_size=1, outcome="malformed")
    figures = {figure.title: figure for figure in read_figures()}
    assert figures["Open"].value == "2"
    assert figures["SLA breached"].value == "2"
    assert (figures["MTTA today"].value, figures["MTTR today"].value) == ("2 min", "5 min")
    assert figures["Events not processed"].value == "1"
    assert figures["Deliveries failed"].value == "0"
    assert figures["Time to recovery"].address == ""  # no list shows these tickets
    Delivery.objects.create(ticket=make_ticket(status="acknowledged"), channel="slack", operation="post")
    AlertEvent.objects.create(source="adf", body=b"{}", body_size=2, outcome="accepted")
    listed = (("Open", 2), ("SLA breached", 2), ("Events not processed", 1), ("Deliveries failed", 0))
    for title, expected in listed:
        found = cast.clients["viewer"].get(figures[title].address).context["cl"].result_count
        assert found == expected


@pytest.mark.parametrize("person", ["viewer", "admin"])
def test_breached_tickets_come_with_the_oldest_first_for_everybody(cast: Cast, person: str) -> None:
    now = timezone.now()
    for minutes in (5, 50, 20):
        make_ticket(
            sla_due_at=now - timedelta(minutes=minutes), status="in_progress" if minutes == 50 else "open"
        )
    address = {figure.title: figure for figure in read_figures()}["SLA breached"].address
    shown = cast.clients[person].get(address).context["cl"].result_list
    dues = [ticket.sla_due_at for ticket in shown]
    assert dues == sorted(dues)
    assert len(dues) == 3


def test_every_link_of_the_front_page_leads_somewhere(cast: Cast, worker: None) -> None:
    full_ticket()
    page = cast.clients["viewer"].get("/admin/").content.decode()
    targets = set(re.findall(r'href="(/admin/[^"]*)"', page))
    assert len(targets) > 20
    for target in targets:
        status = cast.clients["admin"].get(target.replace("&amp;", "&")).status_code
        assert status in {200, 405}, target


def test_charts_show_each_day_and_the_sla_by_priority(db: None) -> None:
    now = timezone.now()
    make_ticket(severity="Critical", priority="P1", sla_due_at=now - timedelta(seconds=1))
    make_ticket(severity="Low", priority="P1", status="acknowledged", sla_status="Met", error_type="X")
    charts = read_charts()
    assert len(charts.by_day) == 14
    today = charts.by_day[-1]
    assert (today.number, [part.kind for part in today.parts]) == (2, ["critical", "low"])
    assert charts.sla[0].note == "50 % of 2"
    assert charts.sla[1].note == "no verdict yet"
    assert [bar.label for bar in charts.error_types] == ["X"]


def test_charts_stop_at_their_bound_and_say_so(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aiops.console.charts.MOST_READ", 2)
    for _ in range(3):
        make_ticket()
    charts = read_charts()
    assert charts.is_cut
    assert charts.by_day[-1].number == 2


def test_settings_are_shown_and_secrets_are_not(cast: Cast, settings: Settings) -> None:
    secret = "s3cret-value-that-must-not-appear"
    for name in settings_page.SECRET:
        setattr(settings, name, secret)
    settings.PLAYBOOK_URLS = {"RETRY_JOB": f"https://example.com/?sig={secret}"}
    settings.JIRA_PROJECT_KEY = "OPS"
    lines = [line for _, group in settings_page.settings_in_force() for line in group]
    assert all(secret not in line.value for line in lines)
    assert {line.value for line in lines if line.is_secret} <= {"set", "not set"}
    cast.clients["admin"].force_login(cast.people["admin"])  # another SECRET_KEY has ended the session
    page = cast.clients["admin"].get(reverse("console_settings")).content.decode()
    assert secret not in page
    assert "OPS" in page


def test_every_setting_that_smells_of_a_secret_is_treated_as_one() -> None:
    named = {name for names in settings_page.GROUPS.values() for name in names}
    smelly = {name for name in named if re.search(r"KEY$|TOKEN|SECRET|PASSWORD|CONN$", name)}
    assert smelly - settings_page.SECRET == {"JIRA_PROJECT_KEY", "PASSWORD_LOGIN"}


def test_health_shows_probes_and_the_schedule(cast: Cast, worker: None) -> None:
    page = cast.clients["viewer"].get(reverse("console_health")).content.decode()
    assert "ingestion.sweep" in page
    assert "tickets.watch_sla" in page
    assert "sqlite" in page or "postgresql" in page


def test_no_page_names_a_foreign_host(cast: Cast, worker: None) -> None:
    ticket = full_ticket()
    pages = [reverse(f"admin:{m._meta.app_label}_{m._meta.model_name}_changelist") for m, _ in registered()]
    pages += ["/admin/", reverse("admin:tickets_ticket_change", args=[ticket.pk]), reverse("console_health")]
    for page in pages:
        text = cast.clients["admin"].get(page).content.decode()
        loaded = re.findall(r'<(?:script|link|img|iframe|source)[^>]*(?:src|href)="([^"]+)"', text)
        assert loaded
        assert [each for each in loaded if urlsplit(each).netloc] == []


def test_figures_are_kept_for_some_seconds(cast: Cast, worker: None) -> None:
    cast.clients["viewer"].get("/admin/")
    make_ticket()
    assert cache.get("console:figures")[0].value == "0"


def test_each_bar_leads_to_just_the_tickets_it_counts(cast: Cast) -> None:
    now = timezone.now()
    for number, (severity, kind) in enumerate(
        (("High", "A"), ("High", "A"), ("Low", "B c&d"), ("Critical", "none"))
    ):
        make_ticket(
            severity=severity, error_type=kind, pipeline=f"pl {kind}", finops_cost_center=f"IT-{number % 2}",
            opened_at=now - timedelta(days=number % 3), priority="P2",
        )  # fmt: skip
    charts = read_charts()
    for bars in (charts.by_day, charts.error_types, charts.pipelines, charts.cost_centres):
        assert bars
        for bar in bars:
            found = cast.clients["viewer"].get(bar.address)
            assert found.status_code == 200, bar.address
            assert found.context["cl"].result_count == bar.number, bar.address


def test_an_entry_of_the_side_bar_is_called_as_the_list_it_opens() -> None:
    called = {
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"): str(
            model._meta.verbose_name_plural
        ).capitalize()
        for model, _ in registered()
    }
    groups = UNFOLD["SIDEBAR"]["navigation"]
    entries = {str(item["link"]): item["title"] for group in groups for item in group["items"]}
    lists = {address: title for address, title in entries.items() if address in called}
    assert len(lists) > 10
    assert lists == {address: called[address] for address in lists}
