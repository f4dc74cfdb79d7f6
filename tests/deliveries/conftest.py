"""A world of vendors with a memory, and a worker that the test turns by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from integrations import archive_source, breaker, http
from integrations.deliveries import claims, jira_acts
from integrations.models import ACTIVE, ChannelState, Delivery, State
from integrations.services import deliver
from integrations.slack.config import SlackConfig
from tests.support.world import World, living

RECEIVED_AT = datetime(2026, 11, 20, 18, 0, 5, tzinfo=UTC)
Worker = Callable[[], None]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[World]:
    breaker.reset_all()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setattr(http, "_sleep", lambda _seconds: None)
    monkeypatch.setattr(
        archive_source, "_providers", [lambda _ticket: archive_source.Payload(b'{"a": 1}', RECEIVED_AT)]
    )
    with living() as running:
        for name, value in running.environment.items():
            setattr(settings, name, True if value == "true" else value)
        yield running
    breaker.reset_all()


@pytest.fixture
def short_deadlines(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """A vendor that hangs costs a test a second instead of twenty."""
    monkeypatch.setattr(jira_acts, "DEADLINE_SECONDS", 0.4)
    made = SlackConfig.from_settings
    monkeypatch.setattr(SlackConfig, "from_settings", staticmethod(lambda: replace(made(), timeout=1)))


@pytest.fixture
def turn(monkeypatch: pytest.MonkeyPatch) -> Worker:
    """Do everything that is to be told, with every pause cut short, until nothing is active."""
    monkeypatch.setattr(jira_acts, "SEARCH_LAG", jira_acts.SEARCH_LAG * 0)

    def work() -> None:
        for _ in range(40):
            if not make_due():
                return
            for channel in claims.channels():
                for delivery_id, token in claims.claim_waiting(channel, timezone.now()):
                    deliver(delivery_id, token)
        raise AssertionError([str(d) for d in Delivery.objects.filter(state__in=ACTIVE)])

    return work


def make_due() -> int:
    """Time passes: every pause is over, every open circuit closed, every lease of a dead worker run out."""
    breaker.reset_all()
    ChannelState.objects.update(paused_until=None)
    return Delivery.objects.filter(state__in=ACTIVE).update(due_at=timezone.now())


def states() -> dict[str, str]:
    """State by `channel operation`."""
    return {
        f"{d.channel} {d.operation}": d.state for d in Delivery.objects.exclude(state=State.SKIPPED, part="x")
    }
