"""Messages about no single ticket: on record, and held while their channel pauses."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone
from pytest_django.fixtures import Settings

from audit.models import AuditEntry
from integrations import broadcasts
from integrations.models import Broadcast, ChannelState

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def planned(settings: Settings) -> None:
    settings.EMAIL_HOST = "mail.example.com"
    for number in (1, 2):
        broadcasts.plan_once(
            identity=f"digest-{number}", channel="email", target="ops@example.com",
            subject=f"Digest {number}", text="Nothing failed.", now=timezone.now(),
        )  # fmt: skip


def recorded() -> list[str]:
    entries = AuditEntry.objects.filter(action__startswith="Email").order_by("id")
    return [entry.action for entry in entries]


def test_message_that_was_sent_is_on_record() -> None:
    assert broadcasts.send_due(timezone.now) == 2
    assert [message.subject for message in mail.outbox] == ["Digest 1", "Digest 2"]
    assert recorded() == ["Email Sent", "Email Sent"]


def test_message_that_failed_is_on_record(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    broadcasts.send_due(timezone.now)
    assert recorded() == ["Email Failed", "Email Failed"]
    assert set(Broadcast.objects.values_list("state", flat=True)) == {"retrying"}


def test_nothing_is_sent_while_the_channel_pauses() -> None:
    now = timezone.now()
    ChannelState.objects.create(channel="email", paused_until=now + timedelta(minutes=1))
    assert broadcasts.send_due(lambda: now) == 0
    assert broadcasts.send_due(lambda: now + timedelta(minutes=2)) == 2


def test_turn_that_has_had_its_time_leaves_the_rest_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcasts, "SECONDS", 0.0)
    assert broadcasts.send_due(timezone.now) == 0
    assert Broadcast.objects.filter(state="pending").count() == 2
