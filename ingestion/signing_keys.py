"""The public keys that Entra signs its tokens with: held in memory, fetched anew for an unknown key id."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import jwt

from integrations import http
from integrations.errors import IntegrationError

logger = logging.getLogger(__name__)

VENDOR = "Entra ID keys"
REFRESH_SECONDS = 60.0
KEEP_SECONDS = 24 * 3600.0
FETCH_SECONDS = 5.0
LARGEST_ANSWER = 256 * 1024
MOST_KEYS = 100


class KeysDueError(Exception):
    """The keys have to be fetched before the answer is known; not to be done where nobody may wait."""


class KeysAwayError(Exception):
    """The key of a token cannot be had now: whether it is good will be known later."""


class SigningKeys:
    """Keys by id. At most one fetch a minute, whoever asks for whatever; one thread fetches, others wait for it.

    Keys older than a day are fetched anew (a withdrawn key goes), and serve on while Entra cannot be reached.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        self._url = ""
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._has_failed = False

    def recall(self, url: str, key_id: str) -> jwt.PyJWK | None:
        """The key from memory; KeysDueError when it has to be fetched, or somebody is fetching right now."""
        if self._is_due(url, key_id) or (self._lock.locked() and key_id not in self._keys):
            raise KeysDueError
        return self._held(key_id)

    def fetch(self, url: str, key_id: str) -> jwt.PyJWK | None:
        """The key, fetched where that is due and allowed; None when Entra has no such key.

        Raises KeysAwayError when the last fetch failed and the key is not in memory.
        """
        with self._lock:
            if self._is_due(url, key_id):
                self._refresh(url)
            return self._held(key_id)

    def _held(self, key_id: str) -> jwt.PyJWK | None:
        key = self._keys.get(key_id)
        if key is None and self._has_failed:
            raise KeysAwayError
        return key

    def _is_due(self, url: str, key_id: str) -> bool:
        now = self._clock()
        if url != self._url:
            return True
        is_wanted = key_id not in self._keys or now - self._fetched_at > KEEP_SECONDS
        return is_wanted and now - self._tried_at >= REFRESH_SECONDS

    def _refresh(self, url: str) -> None:
        if url != self._url:
            self._keys = {}
        self._url, self._tried_at = url, self._clock()
        try:
            answer = http.request(
                VENDOR, "GET", url, retries=1, deadline=FETCH_SECONDS, max_bytes=LARGEST_ANSWER
            )
            self._keys = _read(answer.json_object().get("keys"))
        except (IntegrationError, jwt.PyJWTError, ValueError) as error:
            self._has_failed = True
            logger.warning("The signing keys of Entra ID could not be fetched: %s", error)
            return
        self._has_failed = False
        self._fetched_at = self._clock()


def _read(entries: object) -> dict[str, jwt.PyJWK]:
    """RSA signing keys by id; entries that are anything else are passed over."""
    found: dict[str, jwt.PyJWK] = {}
    for entry in entries[:MOST_KEYS] if isinstance(entries, list) else ():
        if not isinstance(entry, dict) or entry.get("kty") != "RSA" or entry.get("use", "sig") != "sig":
            continue
        key_id = entry.get("kid")
        if isinstance(key_id, str) and key_id:
            try:
                found[key_id] = jwt.PyJWK(entry, algorithm="RS256")
            except (jwt.PyJWTError, ValueError, TypeError):
                continue
    if not found:
        raise ValueError("the answer holds no RSA signing key")
    return found
