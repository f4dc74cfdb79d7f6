"""Calls to one Slack workspace through slack-sdk. Every method raises IntegrationError and nothing else.

The SDK's own retries are off: they know neither our deadlines nor that a post must not be repeated blindly.
Slack knows no idempotency key, so after an `outcome_unknown` the caller looks with `find_posted` before it
posts again.
"""

from __future__ import annotations

import http.client
import logging
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from integrations import vendor_metrics
from integrations.errors import IntegrationError
from integrations.reading import at, objects, text
from integrations.slack.blocks import EVENT_TICKET, Block
from integrations.slack.config import VENDOR, SlackConfig
from integrations.slack.failures import from_api_error, from_network_error

_CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]{7,}")
_MAX_PAGES = 10
# The SDK logs requests and answers at DEBUG, and they hold what tickets hold.
_sdk_log = logging.getLogger("integrations.slack.sdk")
_sdk_log.setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Posted:
    """A message in Slack: the channel's id (not its name) and the message's `ts`; together its address."""

    channel_id: str
    ts: str


@dataclass(frozen=True, slots=True)
class SlackClient:
    """Cheap to make; holds no connection."""

    config: SlackConfig

    def post(
        self,
        channel: str,
        text: str,
        blocks: Sequence[Block],
        metadata: Mapping[str, Any] | None = None,
        thread_ts: str = "",
    ) -> Posted:
        """Post a message, or a reply where `thread_ts` is given, to a channel's name or id. Sent once."""
        body: dict[str, Any] = {"channel": channel, "text": text, "blocks": list(blocks)}
        body |= {"unfurl_links": False, "unfurl_media": False}
        body |= {"metadata": dict(metadata)} if metadata else {}
        body |= {"thread_ts": thread_ts} if thread_ts else {}
        return self._posted(self._call("chat.postMessage", body, idempotent=False))

    def update(self, channel_id: str, ts: str, text: str, blocks: Sequence[Block]) -> None:
        """Replace a message of ours. Its metadata stays."""
        self._call("chat.update", {"channel": channel_id, "ts": ts, "text": text, "blocks": list(blocks)})

    def find_posted(self, channel_id: str, ticket_id: str, since: datetime) -> str | None:
        """The `ts` of this ticket's message among those posted since `since` (aware); the oldest, or None.

        Known by its metadata, or by its buttons where the app may not read metadata. Raises IntegrationError
        with `code` "missing_scope" and the scope's name in the advice where the app may not read the channel:
        then nobody can say whether a post whose answer was lost arrived.
        """
        asked = {"channel": channel_id, "oldest": f"{since.timestamp():.6f}", "include_all_metadata": True}
        found = [
            message_ts
            for page in self._pages("conversations.history", {**asked, "limit": 200})
            for message in objects(page, "messages")
            if _carries(message, ticket_id) and (message_ts := text(message, "ts"))
        ]
        return min(found, default=None)

    def find_reply(self, channel_id: str, thread_ts: str, mark: str) -> str:
        """The `ts` of the reply in a thread whose metadata carries `mark` as `delivery`; "" for none."""
        asked = {"channel": channel_id, "ts": thread_ts, "include_all_metadata": True, "limit": 200}
        return next(
            (
                text(message, "ts")
                for page in self._pages("conversations.replies", asked)
                for message in objects(page, "messages")
                if text(message, "metadata", "event_payload", "delivery") == mark
            ),
            "",
        )

    def channel_id(self, channel: str) -> str:
        """The id of a channel given by name (or id, which is returned as it is). Needs channels:read, and
        groups:read for private ones; raises a permanent IntegrationError when no such channel is seen."""
        name = channel.removeprefix("#")
        if _CHANNEL_ID.fullmatch(name):
            return name
        asked = {"exclude_archived": True, "limit": 1_000, "types": "public_channel,private_channel"}
        for page in self._pages("conversations.list", asked):
            for entry in objects(page, "channels"):
                if text(entry, "name") == name:
                    return text(entry, "id")
        raise IntegrationError(
            f"{VENDOR}: no channel named {name[:80]} is seen",
            vendor=VENDOR,
            permanent=True,
            code="channel_not_found",
            advice="Check SLACK_ALERT_CHANNEL; a private channel is only seen after the app is invited.",
        )

    def user_email(self, user_id: str) -> str:
        """The e-mail address of a user, "" where Slack gives none (the scope users:read.email is missing).

        Only people of this workspace have one here: a guest of a shared channel is listed with an address that
        another workspace's administrator set, and so may a bot or somebody who left.
        """
        user = self._call("users.info", {"user": user_id}).get("user")
        if any(at(user, flag) is True for flag in ("deleted", "is_bot", "is_stranger")):
            return ""
        team = text(user, "team_id")
        if team and team != text(self._call("auth.test", {}), "team_id"):
            return ""
        return text(user, "profile", "email")

    def check(self) -> str:
        """One sentence on who we are and where; raises otherwise."""
        answer = self._call("auth.test", {})
        who, team = text(answer, "user"), text(answer, "team")
        return f"signed in as {who} in {team}; alerts go to {self.config.channel}"

    def _posted(self, answer: dict[str, Any]) -> Posted:
        posted = Posted(text(answer, "channel"), text(answer, "ts"))
        if posted.channel_id and posted.ts:
            return posted
        raise IntegrationError(
            f"{VENDOR}: the answer to a post names no channel and ts",
            vendor=VENDOR,
            permanent=False,
            code="no_ts",
            outcome_unknown=True,
        )

    def _pages(self, method: str, asked: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        cursor = ""
        for _ in range(_MAX_PAGES):
            page = self._call(method, {**asked, **({"cursor": cursor} if cursor else {})})
            yield page
            cursor = text(page, "response_metadata", "next_cursor")
            if not cursor:
                return

    def _call(self, method: str, body: Mapping[str, Any], *, idempotent: bool = True) -> dict[str, Any]:
        started = time.monotonic()
        outcome = "network"
        try:
            data = self._send(method, body)
        except SlackApiError as error:
            refused = from_api_error(method, error, idempotent=idempotent, now=datetime.now(UTC))
            outcome = (
                vendor_metrics.status_outcome(refused.status or 500) if refused.status != 200 else "refused"
            )
            raise refused from None  # the SDK's message quotes the whole answer
        except (OSError, http.client.HTTPException, SlackClientError, ValueError) as error:
            raise from_network_error(method, error, idempotent=idempotent) from None
        else:
            outcome = "2xx"
            return data
        finally:
            vendor_metrics.observe_call(VENDOR, outcome, time.monotonic() - started)

    def _send(self, method: str, body: Mapping[str, Any]) -> dict[str, Any]:
        client = WebClient(
            token=self.config.token,
            base_url=self.config.api_url,
            timeout=self.config.timeout,
            retry_handlers=[],
            logger=_sdk_log,
        )
        # The SDK's own reading of HTTPS_PROXY ignores NO_PROXY; without it urllib's is used, which does not.
        client.proxy = None
        # Methods that read take form fields, those that write take JSON.
        if method.startswith("chat."):
            answer = client.api_call(method, json=dict(body))
        else:
            answer = client.api_call(method, params=dict(body))
        return answer.data if isinstance(answer.data, dict) else {}


def _carries(message: dict[str, Any], ticket_id: str) -> bool:
    """Whether a message of the channel is the ticket's own, not a reply and not somebody's quote of it."""
    if text(message, "thread_ts") not in {"", text(message, "ts")}:
        return False
    if at(message, "metadata", "event_type") is not None:
        told = text(message, "metadata", "event_payload", "ticket_id")
        return text(message, "metadata", "event_type") == EVENT_TICKET and told == ticket_id
    return bool(text(message, "bot_id")) and any(
        text(button, "action_id").startswith("ticket.") and text(button, "value") == ticket_id
        for block in objects(message, "blocks")
        for button in objects(block, "elements")
    )
