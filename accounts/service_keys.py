"""Making and checking the keys that senders present.

The keys in force are held in each process for at most `CACHE_SECONDS`, so a revoked key is refused everywhere
within that time and the webhook path pays no query for it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import ServiceKey, User
from audit import actions
from audit.services import SYSTEM, Actor, record

CACHE_SECONDS = 2.0
LAST_USED_RESOLUTION = timedelta(minutes=1)
ENVIRONMENT_KEY_NAME = "RCA_API_KEY"


@dataclass(frozen=True, slots=True)
class KeyIdentity:
    """A key that was accepted: its name and the sources it opens (none named: all)."""

    name: str
    digest: str
    sources: tuple[str, ...] = ()
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    is_stored: bool = False

    def opens(self, source: str, now: datetime) -> bool:
        is_alive = self.expires_at is None or now < self.expires_at
        return is_alive and (not self.sources or source in self.sources)


def digest_of(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


class StaleKeysError(Exception):
    """The answer cannot be given from memory: the database has to be asked, or told of a key's use."""


class _KeyRing:
    """The keys in force, refreshed when older than CACHE_SECONDS."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys: tuple[KeyIdentity, ...] = ()
        self._loaded_at = float("-inf")

    def keys(self) -> tuple[KeyIdentity, ...]:
        with self._lock:
            if time.monotonic() - self._loaded_at > CACHE_SECONDS:
                self._keys = _load()
                self._loaded_at = time.monotonic()
            return self._keys

    def keys_in_memory(self) -> tuple[KeyIdentity, ...]:
        """The keys without a query; StaleKeysError when they are too old."""
        if time.monotonic() - self._loaded_at > CACHE_SECONDS:
            raise StaleKeysError
        return self._keys

    def forget(self) -> None:
        with self._lock:
            self._loaded_at = float("-inf")


def _load() -> tuple[KeyIdentity, ...]:
    stored = ServiceKey.objects.filter(revoked_at=None).order_by("pk")
    return tuple(
        KeyIdentity(
            key.name, key.digest, tuple(key.sources), key.expires_at, key.last_used_at, is_stored=True
        )
        for key in stored
    )


_ring = _KeyRing()


def verify(presented: str, source: str) -> KeyIdentity | None:
    """The identity behind a presented key when it opens `source` now; None otherwise. May query."""
    now = timezone.now()
    found = _match(_ring.keys, presented, source, now)
    if found is not None and _is_use_due(found, now):
        _note_use(found, now)
    return found


def recall(presented: str, source: str) -> KeyIdentity | None:
    """As `verify`, from memory alone, for callers that must not wait; StaleKeysError where that cannot be."""
    now = timezone.now()
    found = _match(_ring.keys_in_memory, presented, source, now)
    if found is not None and _is_use_due(found, now):
        raise StaleKeysError
    return found


def _match(
    stored: Callable[[], tuple[KeyIdentity, ...]], presented: str, source: str, now: datetime
) -> KeyIdentity | None:
    """Every key is compared, in constant time, whichever matches; a stored key counts before the environment's."""
    digest = digest_of(presented)
    candidates = stored()
    if settings.RCA_API_KEY:
        candidates = (KeyIdentity(ENVIRONMENT_KEY_NAME, digest_of(settings.RCA_API_KEY)), *candidates)
    found: KeyIdentity | None = None
    for key in candidates:
        if hmac.compare_digest(key.digest, digest) and key.opens(source, now):
            found = key
    return found


def _is_use_due(key: KeyIdentity, now: datetime) -> bool:
    """The environment's key has no row to note its use on."""
    is_old = key.last_used_at is None or now - key.last_used_at > LAST_USED_RESOLUTION
    return key.is_stored and is_old


def _note_use(key: KeyIdentity, now: datetime) -> None:
    ServiceKey.objects.filter(digest=key.digest).update(last_used_at=now)
    _ring.forget()


def create_key(
    *,
    name: str,
    actor: Actor = SYSTEM,
    created_by: User | None = None,
    sources: tuple[str, ...] = (),
    expires_at: datetime | None = None,
) -> tuple[ServiceKey, str]:
    """Make a key; the second value is the key itself and is never to be had again."""
    secret = f"aiops_{secrets.token_urlsafe(30)}"
    with transaction.atomic():
        key = ServiceKey.objects.create(
            name=name,
            digest=digest_of(secret),
            hint=secret[:10],
            sources=list(sources),
            created_by=created_by,
            expires_at=expires_at,
        )
        record(actions.SERVICE_KEY_CREATED, actor=actor, summary=name, details={"sources": list(sources)})
    _ring.forget()
    return key, secret


def revoke_key(key: ServiceKey, *, actor: Actor = SYSTEM) -> None:
    """Take a key out of force; nothing happens when it already is."""
    with transaction.atomic():
        if ServiceKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now()):
            record(actions.SERVICE_KEY_REVOKED, actor=actor, summary=key.name)
    _ring.forget()
