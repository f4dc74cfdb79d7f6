"""The live page as a person sees it: rows come, change, wait and move; the connection is lost and found."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Desk, Visit
from tests.support.world import JIRA_SECRET, World

pytestmark = [pytest.mark.browser, pytest.mark.server]

HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"


def wait_live(visit: Visit) -> None:
    expect(visit.page.locator("#connection-text")).to_have_text("Live")


def test_alert_posted_while_the_page_is_open_shows_a_row_within_a_second(
    desk: Desk, visit: Callable[..., Visit]
) -> None:
    """The best of three: another process of the tests may have both cores for one of them."""
    window = visit()
    wait_live(window)
    took = []
    for number in range(3):
        started = time.monotonic()
        ticket = desk.alert(f"pl_orders_{number}")
        window.page.wait_for_selector(window.row(ticket))
        took.append(time.monotonic() - started)
    assert min(took) < 1.0
    expect(window.page.locator(window.row(ticket))).to_contain_text("RCA ready")


def test_hostile_title_is_shown_as_text_in_row_and_detail(desk: Desk, visit: Callable[..., Visit]) -> None:
    ticket = desk.alert(HOSTILE, ErrorMessage=HOSTILE)
    window = visit()
    row = window.page.locator(window.row(ticket))
    expect(row).to_contain_text(HOSTILE)
    row.get_by_role("link").click()
    expect(window.page.locator("#detail-title")).to_contain_text(HOSTILE)
    expect(window.page.locator("#detail-error")).to_contain_text(HOSTILE)
    assert window.page.locator("#rows img, #detail img, #detail script").count() == 0
    assert "owned" not in window.page.title()


def test_new_ticket_waits_while_the_pointer_is_in_the_rows(desk: Desk, visit: Callable[..., Visit]) -> None:
    first = desk.alert("pl_first")
    window = visit()
    wait_live(window)
    window.page.hover(window.row(first))
    before = window.page.locator(window.row(first)).bounding_box()
    second = desk.alert("pl_second")
    show = window.page.get_by_role("button", name="1 new ticket, show")
    expect(show).to_be_visible()
    assert window.page.locator(window.row(second)).count() == 0
    assert window.page.locator(window.row(first)).bounding_box() == before
    show.hover()
    window.page.wait_for_timeout(1_000)  # longer than the way from the rows to the button is allowed to take
    assert window.page.locator(window.row(second)).count() == 0
    show.click()
    expect(window.page.locator(window.row(second))).to_be_visible()


def test_what_waited_comes_by_itself_when_the_pointer_has_left(
    desk: Desk, visit: Callable[..., Visit]
) -> None:
    first = desk.alert("pl_first")
    window = visit()
    wait_live(window)
    window.page.hover(window.row(first))
    second = desk.alert("pl_second")
    expect(window.page.get_by_role("button", name="1 new ticket, show")).to_be_visible()
    window.page.hover("h1, header")
    expect(window.page.locator(window.row(second))).to_be_visible(timeout=2_000)


def test_acknowledging_in_one_browser_moves_it_in_another(desk: Desk, visit: Callable[..., Visit]) -> None:
    ticket = desk.alert()
    here, there = visit(), visit()
    for window in (here, there):
        wait_live(window)
        expect(window.page.locator(window.row(ticket))).to_be_visible()
    here.page.locator(here.row(ticket)).get_by_role("button", name="Acknowledge").click()
    expect(there.page.locator(there.row(ticket))).to_have_count(0)
    there.page.get_by_role("tab", name="Closed").click()
    expect(there.page.locator(there.row(ticket))).to_contain_text("Met")


def test_closing_in_jira_moves_the_row(
    connected_desk: Desk, world: World, visit: Callable[..., Visit]
) -> None:
    desk = connected_desk
    ticket = desk.alert()
    token = desk.server.token()
    issue = until_told(desk, token, ticket)
    window = visit()
    wait_live(window)
    row = window.page.locator(window.row(ticket))
    expect(row).to_be_visible()
    world.jira.issues[0].state = "31"
    status = {"name": "Done", "statusCategory": {"key": "done"}}
    body = {
        "webhookEvent": "jira:issue_updated",
        "user": {"displayName": "Grace Hopper"},
        "issue": {"key": issue, "fields": {"status": status}},
    }
    assert desk.server.call(f"/webhook/jira?secret={JIRA_SECRET}", body)[0] == 200
    expect(row).to_have_count(0)
    window.page.get_by_role("tab", name="Closed").click()
    expect(row).to_contain_text("Grace Hopper")


def until_told(desk: Desk, token: str, ticket: str) -> str:
    """The key of the Jira issue, once there is one."""
    for _ in range(200):
        answer = desk.server.call(f"/api/tickets/{ticket}", token=token)[1]["ticket"]
        if answer["itsm_ticket_id"] and answer["processing_state"] == "notified":
            return str(answer["itsm_ticket_id"])
        time.sleep(0.1)
    raise AssertionError("no Jira issue was made")


def test_recommendation_ticked_in_one_browser_is_ticked_in_another(
    desk: Desk, visit: Callable[..., Visit]
) -> None:
    ticket = desk.alert()
    here, there = visit(), visit()
    boxes = []
    for window in (here, there):
        row = window.page.locator(window.row(ticket))
        expect(row).to_contain_text("RCA ready")
        row.get_by_role("link").click()
        boxes.append(window.page.locator("#detail-recommendations input").first)
    boxes[0].check()
    expect(boxes[1]).to_be_checked()
    expect(there.page.locator("#detail-recommendations li").first).to_contain_text("admin")
    expect(there.page.locator("#detail-timeline")).to_contain_text("Recommendation Done")


def test_verdict_given_in_one_browser_is_shown_in_another(desk: Desk, visit: Callable[..., Visit]) -> None:
    ticket = desk.alert()
    here, there = visit(), visit()
    for window in (here, there):
        row = window.page.locator(window.row(ticket))
        expect(row).to_contain_text("RCA ready")
        row.get_by_role("link").click()
    here.page.locator("#detail-cause").get_by_role("button", name="Wrong").click()
    for window in (here, there):
        expect(window.page.locator("#detail-cause")).to_contain_text("Wrong says admin")
        expect(window.page.locator("#detail-timeline")).to_contain_text("RCA Feedback Given")


def test_integrity_of_the_record_is_shown_in_detail_and_audit_tab(
    desk: Desk, visit: Callable[..., Visit]
) -> None:
    ticket = desk.alert()
    page = (window := visit()).page
    page.locator(window.row(ticket)).get_by_role("link").click()
    expect(page.locator("#detail-audit")).to_contain_text("waiting for the next seal")
    expect(page.locator("#detail-timeline .lock[data-state=unsealed]").first).to_be_visible()
    page.get_by_role("link", name="View all").click()
    expect(page.locator("#audit-rows tr").first).to_contain_text("waiting for the next seal")


def test_server_killed_and_restarted_shows_the_banner_and_misses_nothing(
    desk: Desk, visit: Callable[..., Visit]
) -> None:
    window = visit()
    window.expects_outage = True
    wait_live(window)
    first = desk.alert("pl_before")
    window.page.wait_for_selector(window.row(first))
    desk.server.kill()
    banner = window.page.get_by_role("status").filter(has_text="Connection lost. Showing data from ")
    expect(banner).to_be_visible()
    desk.server.start()
    missed = [desk.alert(f"pl_missed_{number}") for number in range(3)]
    for ticket in missed:
        expect(window.page.locator(window.row(ticket))).to_be_visible(timeout=20_000)
    expect(banner).to_be_hidden()
    wait_live(window)


def test_signing_out_elsewhere_says_so_and_offers_to_sign_in(visit: Callable[..., Visit]) -> None:
    window = visit()
    wait_live(window)
    other = window.page.context.new_page()
    other.goto("/dashboard")
    other.get_by_role("button", name="Sign out").click()
    link = window.page.get_by_role("link", name="Sign in")
    expect(link).to_be_visible(timeout=15_000)
    link.click()
    window.page.wait_for_url("**/login?next=%2Fdashboard**")
