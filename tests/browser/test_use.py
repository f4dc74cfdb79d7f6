"""Working the page without a mouse, on a phone, and with tools for those who cannot see it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Desk, Visit

pytestmark = [pytest.mark.browser, pytest.mark.server]


def violations(page: Page, axe: str) -> list[str]:
    """What axe-core finds, one line each; it runs through the debugger, which the page's policy does not bind."""
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [
        f"{each['id']}: {json.dumps([node['html'][:120] for node in each['nodes'][:3]])}" for each in found
    ]


def focused(page: Page) -> str:
    return str(
        page.evaluate("document.activeElement.closest('[data-id]')?.dataset.id ?? document.activeElement.id")
    )


def test_keyboard_alone_walks_list_detail_tabs_and_search(desk: Desk, visit: Callable[..., Visit]) -> None:
    tickets = [desk.alert("pl_one"), desk.alert("pl_two")]
    page = visit().page
    expect(page.locator("#rows tr")).to_have_count(2)
    page.keyboard.press("j")
    assert focused(page) == tickets[0]
    page.keyboard.press("ArrowDown")
    assert focused(page) == tickets[1]
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page.locator("#detail")).to_be_visible()
    assert f"ticket={tickets[0]}" in page.url
    page.keyboard.press("Escape")
    expect(page.locator("#detail")).to_be_hidden()
    assert focused(page) == tickets[0]
    assert "ticket=" not in page.url
    page.keyboard.press("2")
    expect(page.get_by_role("tab", name="In progress")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("1")
    page.keyboard.press("/")
    page.keyboard.type("pl_two")
    expect(page.locator("#rows tr")).to_have_count(1)
    assert "search=pl_two" in page.url
    page.keyboard.type("ajk12?")
    expect(page.get_by_text("No ticket matches 'pl_twoajk12?'.")).to_be_visible()


def test_acknowledging_by_key_keeps_the_row_until_the_focus_leaves(
    desk: Desk, visit: Callable[..., Visit]
) -> None:
    ticket = desk.alert("pl_one")
    window = visit()
    page = window.page
    expect(page.locator(window.row(ticket))).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("a")
    expect(page.locator(window.row(ticket)).get_by_text("Acknowledged")).to_be_visible()
    assert focused(page) == ticket
    page.keyboard.press("Escape")
    expect(page.locator(window.row(ticket))).to_have_count(0)


def test_tabs_move_by_arrow_and_hold_one_tab_stop(visit: Callable[..., Visit]) -> None:
    page = visit().page
    expect(page.locator("#tab-open")).to_contain_text("0")  # the first answers are in: the page has settled
    page.focus("#tab-open")
    page.keyboard.press("ArrowLeft")
    assert focused(page) == "tab-audit"
    expect(page.locator("#audit-panel")).to_be_visible()
    page.keyboard.press("Home")
    assert focused(page) == "tab-open"
    assert page.locator('[role=tab][tabindex="0"]').count() == 1


def test_keys_switched_off_stay_off_after_a_reload(desk: Desk, visit: Callable[..., Visit]) -> None:
    desk.alert()
    page = visit().page
    page.keyboard.press("?")
    page.get_by_label("Single-key commands on").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    expect(page.locator("#rows tr")).to_have_count(1)
    page.keyboard.press("2")
    expect(page.get_by_role("tab", name="Open")).to_have_attribute("aria-selected", "true")


def test_address_of_a_ticket_opens_it_and_back_closes_it(desk: Desk, visit: Callable[..., Visit]) -> None:
    ticket = desk.alert("pl_linked")
    page = visit().page
    page.goto(f"/dashboard?ticket={ticket}")
    expect(page.locator("#detail-title")).to_contain_text("pl_linked")
    page.get_by_role("button", name="Close").click()
    page.wait_for_url(lambda url: url.endswith("/dashboard"))
    expect(page.locator("#detail")).to_be_hidden()
    page.go_back()
    expect(page.locator("#detail")).to_be_visible()


def test_ticket_that_does_not_exist_is_told(visit: Callable[..., Visit]) -> None:
    window = visit()
    window.page.goto("/dashboard?ticket=ADF-20200101T000000-000000")
    expect(window.page.get_by_text("There is no ticket ADF-20200101T000000-000000.")).to_be_visible()
    assert window.problems == [
        "error: Failed to load resource: the server responded with a status of 404 (Not Found)"
    ]
    window.problems.clear()


def test_chosen_theme_outlives_the_page(visit: Callable[..., Visit]) -> None:
    page = visit(theme="light").page
    page.get_by_role("button", name="Light or dark").click()
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_to_object_to(
    desk: Desk, visit: Callable[..., Visit], axe_source: str, theme: str
) -> None:
    ticket = desk.alert("pl_one")
    window = visit(theme=theme)
    page = window.page
    expect(page.locator(window.row(ticket))).to_contain_text("RCA ready")
    assert violations(page, axe_source) == []
    page.locator(window.row(ticket)).get_by_role("link").click()
    expect(page.locator("#detail-body")).to_be_visible()
    assert violations(page, axe_source) == []
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Audit trail").click()
    expect(page.locator("#audit-note")).not_to_be_empty()
    assert violations(page, axe_source) == []
    page.get_by_role("tab", name="Closed").click()
    expect(page.get_by_text("No closed tickets.")).to_be_visible()
    assert violations(page, axe_source) == []
    login = visit("/login", theme=theme, sign_in=False).page
    assert violations(login, axe_source) == []


def test_page_reflows_at_320_pixels(desk: Desk, visit: Callable[..., Visit]) -> None:
    ticket = desk.alert("pl_with_a_name_that_is_rather_too_long_for_one_line_of_a_telephone")
    window = visit(width=320)
    page = window.page
    expect(page.locator(window.row(ticket))).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    page.locator(window.row(ticket)).get_by_role("link").click()
    expect(page.locator("#detail-body")).to_be_visible()
    assert page.evaluate("document.getElementById('detail').scrollWidth") <= 320
