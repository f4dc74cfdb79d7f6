"""Which settings a process was started with, and which differ from the last time, on the record."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction

from audit import actions, canonical
from audit.models import AuditEntry
from audit.redaction import is_sensitive_key, redact
from audit.services import record

_SECRET_WORDS = ("KEY", "SECRET", "TOKEN", "PASSWORD", "CONN", "URL")
_MAX_VALUE = 200


@transaction.atomic
def record_settings(values: Mapping[str, str]) -> list[str]:
    """Record the settings of this start; returns the names of those that changed since the start before.

    Plain values are recorded as they are. Of a secret, or of an address that may hold one, only a keyed
    fingerprint is, so that a change shows and the value does not. Nothing is recorded when nothing changed.
    """
    seen = [(name, _shown(name, value)) for name, value in sorted(values.items())]
    before = _last_seen()
    now = dict(seen)
    if before == now:
        return []
    digest = hashlib.sha256(canonical.canonical_json(seen)).hexdigest()
    record(
        actions.SETTINGS_SEEN,
        summary=f"Started with {len(seen)} settings",
        details={"settings": seen, "digest": digest},
    )
    if before is None:
        return []
    changed = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
    record(
        actions.SETTINGS_CHANGED,
        summary=f"Changed since the last start: {', '.join(changed)}",
        details={"changed": [[name, before.get(name), now.get(name)] for name in changed], "digest": digest},
    )
    return changed


def _shown(name: str, value: str) -> str:
    if is_sensitive_key(name) or any(word in name.upper() for word in _SECRET_WORDS):
        if not value:
            return "not set"
        keyed = hmac.new(settings.SECRET_KEY.encode(), f"{name}\n{value}".encode(), hashlib.sha256)
        return f"set, print {keyed.hexdigest()[:12]}"
    return redact(canonical.text(value))[:_MAX_VALUE]


def _last_seen() -> dict[str, Any] | None:
    """Name → what was shown, from the newest entry; None before the first start or after its erasure."""
    entry = AuditEntry.objects.filter(action=actions.SETTINGS_SEEN).order_by("-id").first()
    if entry is None or not entry.details:
        return None
    return {str(name): shown for name, shown in entry.details.get("settings", [])}
