"""Searches that no index answers are bounded, and nobody takes what was looked through for everything."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import User
from tests.console.conftest import Cast
from tests.support.factories import make_ticket
from tests.support.people import client_of
from tickets.search import is_walked

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOTE = "Only the newest 4 tickets were looked through."

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _short_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("tickets.selectors", "tickets.admin.walk"):
        monkeypatch.setattr(f"{module}.MOST_WALKED", 4)


def desk(*texts: str, **fields: str) -> list[str]:
    """A ticket for each text, the newest last; three of them share each moment."""
    return [
        make_ticket(pipeline=text, opened_at=NOON + timedelta(seconds=number // 3), **fields).key
        for number, text in enumerate(texts)
    ]


def pages(client: APIClient, path: str) -> list[list[str]]:
    """The keys of every page, as `next` leads through them."""
    found = []
    while path:
        answer = client.get(path).json()
        found.append([row["id"] for row in answer["tickets"]])
        following = urlsplit(answer["next"] or "")
        path = answer["next"] and f"{following.path}?{following.query}"
    return found


@pytest.mark.parametrize("text", ["EU", "z", "--", "a-b c", "50%", "__", "é1"])
def test_text_without_three_letters_or_digits_in_a_row_is_in_no_index(text: str) -> None:
    assert is_walked(text)


@pytest.mark.parametrize("text", ["", "  ", "EUR", "p1-orders", "100%", "été", "x_123"])
def test_other_text_needs_no_walk(text: str) -> None:
    assert not is_walked(text)


def test_every_page_looks_through_so_many_tickets_and_all_together_through_all(viewer: User) -> None:
    keys = desk("EU_a", *["quiet"] * 6, "EU_b", "quiet", "EU_c", "quiet")
    found = pages(client_of(viewer), "/api/open-tickets?search=eu&limit=50")
    assert found == [[keys[9], keys[7]], [], [keys[0]]]


def test_full_page_of_a_walk_goes_on_behind_its_last_row(viewer: User) -> None:
    keys = desk(*["EU"] * 9)
    found = pages(client_of(viewer), "/api/open-tickets?search=EU&limit=3")
    assert [key for page in found for key in page] == list(reversed(keys))
    assert found[0] == [keys[8], keys[7], keys[6]]


def test_walk_of_the_closed_list_with_a_filter_finds_each_once(viewer: User) -> None:
    closed = {"status": "acknowledged", "finops_team": "Risk"}
    keys = desk(*["EU", "no"] * 6, **closed)
    desk(*["EU"] * 5, status="acknowledged", finops_team="HR")
    found = pages(client_of(viewer), "/api/closed-tickets?search=EU&team=Risk&limit=50")
    assert [key for page in found for key in page] == list(reversed(keys[::2]))


def test_words_that_an_index_knows_are_looked_for_everywhere_at_once(viewer: User) -> None:
    keys = desk("Europe", *["quiet"] * 9)
    assert pages(client_of(viewer), "/api/open-tickets?search=Europe&limit=50") == [[keys[0]]]


@pytest.mark.parametrize("tickets", [1, 20])
def test_walk_costs_one_query_more_however_many_tickets_there_are(viewer: User, tickets: int) -> None:
    desk(*["EU"] * tickets)
    client = client_of(viewer)
    with CaptureQueriesContext(connection) as queries:
        client.get("/api/open-tickets?search=EU")
    assert len(queries) <= 7  # two of them authentication


def test_console_says_that_it_looked_through_the_newest_only(cast: Cast) -> None:
    desk("EU_old", *["quiet"] * 5, "EU_new")
    page = reverse("admin:tickets_ticket_changelist")
    answer = cast.clients["viewer"].get(f"{page}?q=EU")
    assert NOTE in answer.content.decode()
    assert [ticket.pipeline for ticket in answer.context["cl"].result_list] == ["EU_new"]
    for address in ("?q=EU_old", "", "?q=EU&state=in_progress"):
        assert NOTE not in cast.clients["viewer"].get(f"{page}{address}").content.decode()


def test_console_looks_through_the_newest_of_the_state_that_it_shows(cast: Cast) -> None:
    desk("EU_old", "EU_old")
    desk(*["EU_closed"] * 6, status="acknowledged")
    answer = cast.clients["viewer"].get(f"{reverse('admin:tickets_ticket_changelist')}?q=EU&state=unfinished")
    assert [ticket.pipeline for ticket in answer.context["cl"].result_list] == ["EU_old", "EU_old"]
    assert NOTE not in answer.content.decode()
