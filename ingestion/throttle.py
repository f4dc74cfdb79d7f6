"""Too many alerts from one key: counted in this process's memory, as `accounts.guessing` counts."""

from __future__ import annotations

from django.conf import settings

from accounts.guessing import TokenBuckets

alerts_by_key = TokenBuckets()


def count_alert(key_name: str) -> int:
    """Count an alert of a key; 0 while it is within WEBHOOK_RATE_LIMIT, else the seconds it is to wait."""
    limit = settings.WEBHOOK_RATE_LIMIT
    return alerts_by_key.take(key_name, *limit) if limit else 0
