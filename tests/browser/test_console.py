"""The console in a real Chromium: an analyst's way through the breached tickets, a viewer's limits, axe-core."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.conftest import Desk, Visit
from tests.support.live_server import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.server]

PASSWORD = "a long enough Passphrase 42"
TICKETS = "/admin/tickets/ticket/"
PREPARE = f"""
from datetime import timedelta
from django.contrib.auth.models import Group
from django.utils import timezone
from accounts.models import User
from tickets.models import Ticket
for name in ("viewer", "analyst"):
    person = User.objects.create_user(f"{{name}}@example.com", {PASSWORD!r}, full_name=name.title(), is_staff=True)
    person.groups.add(Group.objects.get(name=name))
late = Ticket.objects.filter(pipeline__startswith="pl_late")
late.update(sla_due_at=timezone.now() - timedelta(minutes=3))
"""


def prepare(desk: Desk) -> list[str]:
    """Two breached tickets and one in time; a viewer and an analyst. Returns the ids of the breached ones."""
    late = [desk.alert("pl_late_one"), desk.alert("pl_late_two")]
    desk.alert("pl_in_time")
    environment = {**os.environ, "AIOPS_DATA_DIR": str(desk.server.data_dir)}
    command = [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", PREPARE]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    return late


def sign_in(visit: Callable[..., Visit], name: str, path: str, **looks: object) -> Page:
    page = visit(f"/login?next={path}", sign_in=False, **looks).page
    page.fill("#username", f"{name}@example.com")
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url(f"**{path}")
    return page


def serious(page: Page, axe: str) -> list[str]:
    """What axe-core calls serious or critical, one line each."""
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    grave = [each for each in found if each["impact"] in {"serious", "critical"}]
    return [f"{each['id']}: {[node['html'][:200] for node in each['nodes'][:3]]}" for each in grave]


def test_an_analyst_acknowledges_the_breached_ones_and_finds_it_recorded(
    desk: Desk, visit: Callable[..., Visit]
) -> None:
    late = prepare(desk)
    page = sign_in(visit, "analyst", "/admin/")
    foreign: list[str] = []

    def note_foreign(request: Request) -> None:
        if not request.url.startswith((desk.server.url, "data:", "blob:")):
            foreign.append(request.url)

    page.on("request", note_foreign)
    page.locator(".figure", has_text="SLA breached").click()
    rows = page.locator("#result_list tbody tr")
    expect(rows).to_have_count(2)
    for box in page.locator("#result_list input.action-select").all():
        box.check()
    page.select_option("select[name=action]", label="Acknowledge")
    page.get_by_role("button", name="Run").click()
    page.get_by_label("Resolution note").fill("The landing zone was late; re-ran both.")
    page.get_by_role("button", name="Acknowledge").click()
    for key in late:
        expect(page.get_by_text(f"{key}: acknowledged.")).to_be_visible()
    expect(page.locator("#result_list tbody tr")).to_have_count(0)

    page.goto(f"/admin/audit/auditentry/?q={late[0]}")
    closed = page.locator("#result_list tbody tr", has_text="Ticket Closed")
    expect(closed).to_have_count(1)
    expect(closed).to_contain_text("analyst@example.com")

    page.goto(f"{TICKETS}?state=acknowledged")
    page.get_by_role("link", name="Export").click()
    page.select_option("select[name=format]", label="csv")
    with page.expect_download() as download:
        page.get_by_role("button", name="Submit").click()
    text = download.value.path().read_text()
    assert all(key in text for key in late)
    assert "The landing zone was late; re-ran both." in text
    assert "pl_in_time" not in text
    assert foreign == []


def test_an_analyst_works_one_ticket_from_its_page(desk: Desk, visit: Callable[..., Visit]) -> None:
    prepare(desk)
    page = sign_in(visit, "analyst", TICKETS)
    page.get_by_role("link", name="pl_in_time").click()
    page.get_by_role("button", name="Start").click()
    expect(page.locator(".head .badge--progress")).to_have_text("In progress")
    page.locator("summary", has_text="Comment").click()
    page.locator("#comment_text").fill("<b>Looking at it</b>")
    page.get_by_role("button", name="Comment").click()
    expect(page.get_by_text("<b>Looking at it</b>")).to_be_visible()
    page.get_by_role("link", name="Timeline").click()
    expect(page.locator("table.sheet")).to_contain_text("Ticket In Progress")


def test_an_analyst_judges_the_analysis_ticks_a_step_and_stays_on_the_tab(
    desk: Desk, visit: Callable[..., Visit]
) -> None:
    prepare(desk)
    page = sign_in(visit, "analyst", TICKETS)
    page.get_by_role("link", name="pl_in_time").click()
    page.get_by_role("checkbox").first.click()
    expect(page.get_by_role("checkbox").first).to_be_checked()
    expect(page.locator(".step--done")).to_contain_text("done by analyst@example.com")
    page.locator(".views").get_by_role("link", name="Analyses").click()
    page.select_option("select[name=verdict]", label="Wrong")
    page.get_by_label("What the cause was").fill("<i>The path</i> is wrong.")
    page.get_by_role("button", name="Keep verdict").click()
    expect(page.locator(".remark--wrong")).to_contain_text("<i>The path</i> is wrong.")
    expect(page.locator(".views__item.is-current")).to_have_text("Analyses")
    page.get_by_role("link", name="Timeline").click()
    page.get_by_role("button", name="Start").click()
    expect(page.locator(".views__item.is-current")).to_have_text("Timeline")
    for deed in ("Recommendation Done", "RCA Feedback Given", "Ticket In Progress"):
        expect(page.locator("table.sheet")).to_contain_text(deed)


def test_an_event_is_replayed_from_its_own_page(desk: Desk, visit: Callable[..., Visit]) -> None:
    prepare(desk)
    page = sign_in(visit, "analyst", "/admin/ingestion/alertevent/")
    page.locator("#result_list tbody tr a[href*='/change/']").first.click()
    page.get_by_role("button", name="Replay").click()
    expect(page.get_by_text("Replay this alert event?").first).to_be_visible()
    page.get_by_role("button", name="Replay").click()
    expect(page.get_by_text("1 replayed").first).to_be_visible()


def test_each_figure_of_the_front_page_lands_on_its_rows(desk: Desk, visit: Callable[..., Visit]) -> None:
    prepare(desk)
    page = sign_in(visit, "viewer", "/admin/")
    titles = page.locator("a.figure .figure__title").all_inner_texts()
    assert len(titles) == 6
    for title in titles:
        page.goto("/admin/")
        figure = page.locator(".figure", has_text=title)
        number = figure.locator(".figure__value").inner_text()
        figure.click()
        expect(page.locator("#changelist, .empty").first).to_be_visible()
        if number.isdigit():
            expect(page.locator("#result_list tbody tr")).to_have_count(int(number))


def test_a_viewer_reads_and_is_offered_no_verb(desk: Desk, visit: Callable[..., Visit]) -> None:
    prepare(desk)
    page = sign_in(visit, "viewer", TICKETS)
    expect(page.locator("#result_list tbody tr")).to_have_count(3)
    expect(page.locator("#result_list input.action-select")).to_have_count(0)
    page.get_by_role("link", name="pl_in_time").click()
    expect(page.locator(".head__title")).to_contain_text("pl_in_time")
    expect(page.locator(".acts")).to_have_count(0)
    expect(page.get_by_role("link", name="Service keys")).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing_serious(
    desk: Desk, visit: Callable[..., Visit], axe_source: str, theme: str, width: int
) -> None:
    late = prepare(desk)
    page = visit("/admin/", theme=theme, width=width).page
    pages = ["/admin/", TICKETS, f"/admin/audit/auditentry/?q={late[0]}", "/admin/settings/", "/admin/health/",
             "/admin/accounts/servicekey/add/", "/admin/accounts/user/"]  # fmt: skip
    page.goto(TICKETS)
    address = page.locator("#result_list a[href*='/change/']").first.get_attribute("href") or ""
    base = address.split("?")[0]
    for model in ("ingestion/alertevent", "rca/analysis"):
        page.goto(f"/admin/{model}/")
        pages += [f"/admin/{model}/", page.locator("#result_list a").first.get_attribute("href") or ""]
    pages += [f"{TICKETS}?q=nothing-like-this"]
    pages += [
        f"{base}?tab={tab}" for tab in ("overview", "analyses", "deliveries", "events", "related", "timeline")
    ]
    found = []
    for each in pages:
        page.goto(each)
        found += [f"{each} {violation}" for violation in serious(page, axe_source)]
    assert found == []


def test_no_page_of_the_console_is_wider_than_a_phone(desk: Desk, visit: Callable[..., Visit]) -> None:
    desk.alert("pl_orders")
    seal = [sys.executable, "manage.py", "verify_audit", "--seal-now"]
    subprocess.run(seal, cwd=ROOT, env=desk.server.variables(), check=True, capture_output=True)
    page = visit("/admin/", width=390).page
    for path in (
        "remediation/attempt/overview",
        "showback",
        "health",
        "audit/auditseal/1/change",
        "tickets/ticket",
    ):
        answer = page.goto(f"/admin/{path}/")
        assert answer is not None
        assert answer.status == 200, path
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider == 0, path
