"""Keys checked in the event loop: from memory or not at all, and never by another rule."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.service_keys import StaleKeysError, _ring, create_key, recall, revoke_key, verify
from tests.conftest import API_KEY

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _keys_stay_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow machine must not let them grow old in the middle of a test."""
    monkeypatch.setattr("accounts.service_keys.CACHE_SECONDS", 60.0)


def test_unread_keys_are_not_guessed_at() -> None:
    _ring.forget()
    with pytest.raises(StaleKeysError):
        recall(API_KEY, "adf")


def test_keys_just_read_are_recalled_without_a_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    _, secret = create_key(name="azure", sources=("adf",))
    for presented in (secret, API_KEY, "wrong"):
        verify(presented, "adf")
    verify(secret, "adf")  # its use was noted before, which made the keys stale
    with django_assert_num_queries(0):
        for presented, source in (
            (secret, "adf"),
            (secret, "databricks"),
            (API_KEY, "adf"),
            ("wrong", "adf"),
        ):
            assert recall(presented, source) == verify(presented, source)


def test_use_that_is_due_to_be_noted_is_left_to_the_database() -> None:
    key, secret = create_key(name="azure")
    verify("anything", "adf")
    with pytest.raises(StaleKeysError):
        recall(secret, "adf")
    assert verify(secret, "adf") is not None
    key.refresh_from_db()
    assert key.last_used_at is not None


def test_revoked_and_expired_keys_are_refused() -> None:
    revoked, first = create_key(name="revoked")
    revoke_key(revoked)
    _, second = create_key(name="expired", expires_at=timezone.now() - timedelta(seconds=1))
    verify("anything", "adf")
    assert recall(first, "adf") is None
    assert recall(second, "adf") is None
