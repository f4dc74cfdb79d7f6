"""Signatures of webhooks, ours and theirs: pure functions over the raw bytes.

Verify before parsing, and on the bytes as they came: a body that was decoded and encoded again is another
body. Every comparison takes constant time. The clock is passed in.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

SLACK_WINDOW_SECONDS = 300


def verify_slack(secret: str, *, timestamp: str, body: bytes, signature: str, now: datetime) -> bool:
    """Whether Slack signed this body (`X-Slack-Request-Timestamp`, `X-Slack-Signature`), at most five minutes
    from `now` (aware). False for anything malformed, and always when `secret` is empty.
    """
    if not secret or not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    if abs(now.timestamp() - int(timestamp)) > SLACK_WINDOW_SECONDS:
        return False
    expected = "v0=" + _hex_digest(secret, b"v0:" + timestamp.encode() + b":" + body)
    return _are_equal(expected, signature)


def verify_jira(secret: str, *, body: bytes, header: str) -> bool:
    """Whether `X-Hub-Signature` (`sha256=<hex>`) signs this body. The method before `=` must be SHA-256: the
    sender may name another one, and a weaker one is not taken. Always False when `secret` is empty.
    """
    method, _, digest = header.strip().partition("=")
    return bool(secret) and method == "sha256" and _are_equal(_hex_digest(secret, body), digest)


def sign(secret: str, body: bytes) -> str:
    """The value of our outgoing `X-Signature`. Raises ValueError when `secret` is empty."""
    if not secret:
        raise ValueError("the signing secret is empty: a signature by it would prove nothing")
    return "sha256=" + _hex_digest(secret, body)


def _hex_digest(secret: str, content: bytes) -> str:
    return hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()


def _are_equal(expected: str, given: str) -> bool:
    # As bytes: compare_digest refuses text outside ASCII, and the header is the sender's.
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogateescape"))
