"""When it is tried again: a table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from integrations.deliveries.schedule import (
    LONGEST_RETRY_AFTER,
    RETRY_FOR,
    channel_pause,
    is_given_up,
    retry_delay,
)
from integrations.errors import IntegrationError

NOW = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)


def error(**changed: object) -> IntegrationError:
    return IntegrationError("no", **{"vendor": "slack", "permanent": False, **changed})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("failures", "changed", "seconds"),
    [
        (1, {}, 1), (2, {}, 4), (3, {}, 15), (7, {}, 1800), (400, {}, 1800), (0, {}, 1),
        (1, {"outcome_unknown": True}, 3), (4, {"outcome_unknown": True}, 60),
        (1, {"retry_after": 17.0}, 17), (5, {"retry_after": 0.0}, 0.1),
        (1, {"retry_after": 86_400.0}, LONGEST_RETRY_AFTER.total_seconds()),
    ],
)  # fmt: skip
def test_pause_grows_and_honours_what_the_vendor_asked(
    failures: int, changed: dict[str, object], seconds: float
) -> None:
    assert retry_delay(failures, error(**changed)).total_seconds() == seconds


def test_given_up_when_permanent_or_after_a_day() -> None:
    assert is_given_up(error(permanent=True), NOW, NOW)
    assert not is_given_up(error(), NOW - RETRY_FOR + timedelta(seconds=1), NOW)
    assert is_given_up(error(), NOW - RETRY_FOR, NOW)


@pytest.mark.parametrize(
    ("changed", "seconds"),
    [
        ({"status": 429, "retry_after": 30.0}, 30), ({"code": "circuit_open", "retry_after": 10.0}, 10),
        ({"status": 503, "retry_after": 30.0}, None), ({"status": 429}, None),
        ({"status": 429, "retry_after": 30.0, "permanent": True}, None),
    ],
)  # fmt: skip
def test_channel_pauses_when_the_vendor_itself_asked(
    changed: dict[str, object], seconds: float | None
) -> None:
    pause = channel_pause(error(**changed))
    assert (pause.total_seconds() if pause else None) == seconds
