"""How what slack-sdk raises becomes an `IntegrationError`, with advice. Pure.

Slack's normal refusal is HTTP 200 with `ok: false` and a word in `error`.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.error import URLError

from slack_sdk.errors import SlackApiError

from integrations.errors import IntegrationError
from integrations.reading import at, text
from integrations.retry import retry_after_seconds
from integrations.slack.config import VENDOR
from integrations.wording import one_line

# After these the same call may succeed; all other words stay until a person changes something.
_PASSING = frozenset(
    {"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
)
# Turned away before anything was done. After the other passing ones the message may be in the channel.
_WITHOUT_EFFECT = frozenset({"ratelimited", "rate_limited", "service_unavailable"})
_WORD = re.compile(r"[a-z0-9_]{1,80}")
_DEFAULT_WAIT_SECONDS = 30.0

_ADVICE = {
    "not_in_channel": "Invite the app to the channel: /invite @<app>.",
    "channel_not_found": "Check SLACK_ALERT_CHANNEL; a private one is seen only after /invite @<app>.",
    "is_archived": "The channel is archived: unarchive it or set SLACK_ALERT_CHANNEL to another.",
    "invalid_auth": "SLACK_BOT_TOKEN is not valid for this workspace: copy it again.",
    "not_authed": "SLACK_BOT_TOKEN is empty or was not sent.",
    "token_revoked": "The token was revoked: reinstall the app and set the new SLACK_BOT_TOKEN.",
    "token_expired": "The token has expired: set a new SLACK_BOT_TOKEN.",
    "account_inactive": "The app or its user was deactivated: reinstall it and renew SLACK_BOT_TOKEN.",
    "restricted_action": "A workspace setting keeps the app from posting there: ask an administrator.",
    "msg_too_long": "Slack found the message too long; report this with the ticket's id.",
    "msg_blocks_too_long": "Slack found the message too long; report this with the ticket's id.",
    "invalid_blocks": "Slack did not take the message's form; report this with the ticket's id.",
    "message_not_found": "The message was deleted in Slack; send again posts a new one.",
    "cant_update_message": "The message was posted by another app or token; send again posts a new one.",
    "edit_window_closed": "The workspace forbids edits of messages this old.",
    "user_not_found": "Slack does not know this user any more.",
    "ratelimited": "Slack asked for a pause and gets one.",
}


def from_api_error(method: str, error: SlackApiError, *, idempotent: bool, now: datetime) -> IntegrationError:
    """An answer that is a refusal. `now` (UTC) is what a Retry-After date is measured from."""
    status = int(getattr(error.response, "status_code", 0) or 0)
    headers = getattr(error.response, "headers", None) or {}
    data = getattr(error.response, "data", None)
    word = text(data, "error")
    if status == 429:
        word = "ratelimited"
    elif not _WORD.fullmatch(word):
        word = "not_json"  # a page of somebody in between: the SDK then puts a sentence and the page there
    is_passing = word in _PASSING or word == "not_json" or status >= 500
    wait = retry_after_seconds(_header(headers, "retry-after"), now)
    if word == "ratelimited" and wait is None:
        wait = _DEFAULT_WAIT_SECONDS
    return IntegrationError(
        f"{VENDOR}: {method} answered {status}: {word}{_details(data)}",
        vendor=VENDOR,
        permanent=not is_passing,
        retry_after=wait,
        status=status or None,
        code=word,
        advice=_advice(word, data),
        outcome_unknown=is_passing and not idempotent and word not in _WITHOUT_EFFECT,
    )


def from_network_error(method: str, error: Exception, *, idempotent: bool) -> IntegrationError:
    """No complete answer came."""
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, socket.gaierror):
        code, never_sent = "dns", True
    elif isinstance(reason, ConnectionRefusedError):
        code, never_sent = "refused", True
    elif isinstance(reason, TimeoutError):
        code, never_sent = "timeout", False
    else:
        code, never_sent = "cut", False
    return IntegrationError(
        f"{VENDOR}: {method} failed: {code} ({type(reason).__name__})",
        vendor=VENDOR,
        permanent=False,
        code=code,
        advice="Check SLACK_API_URL, and that a firewall or proxy lets this machine out to Slack.",
        outcome_unknown=not (idempotent or never_sent),
    )


def _advice(word: str, data: object) -> str:
    if word == "missing_scope":
        needed = one_line(text(data, "needed"), 100) or "the scope that the method needs"
        return (
            f"Add the scope {needed} to the app and reinstall it; the token keeps its old scopes until then."
        )
    return _ADVICE.get(word, "")


def _details(data: object) -> str:
    """What `invalid_blocks` and kin say about the place."""
    messages = at(data, "response_metadata", "messages")
    if not isinstance(messages, list) or not messages:
        return ""
    return f" ({one_line('; '.join(str(entry) for entry in messages), 200)})"


def _header(headers: Mapping[str, Any], name: str) -> str | None:
    value = next((value for key, value in headers.items() if key.lower() == name), None)
    if isinstance(value, list):
        value = value[0] if value else None
    return None if value is None else str(value)
