"""Reading what a press of a button in Slack brings. Pure; a signed body in, plain data out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from integrations.reading import objects, text
from integrations.wording import one_line

SLACK_HOST = "hooks.slack.com"


@dataclass(frozen=True, slots=True)
class Press:
    """One press: which button, on what, by whom. `action_ts` tells two presses apart, and a repeat from none."""

    action_id: str
    value: str
    action_ts: str
    user_id: str
    user_name: str

    @property
    def identity(self) -> str:
        return f"slack:{self.user_id}:{self.action_ts}:{self.action_id}"[:100]

    def as_json(self) -> dict[str, str]:
        return {
            "action_id": self.action_id,
            "value": self.value,
            "action_ts": self.action_ts,
            "user_id": self.user_id,
            "user_name": self.user_name,
        }


def read_payload(body: bytes) -> dict[str, Any] | None:
    """The form's one field `payload`, decoded; None where the body is something else."""
    try:
        fields = parse_qs(body.decode("utf-8"), max_num_fields=20)
        document = json.loads(fields.get("payload", [""])[-1])
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def presses_of(payload: dict[str, Any]) -> list[Press]:
    """The buttons that were pressed, ten at most; none where the payload is about something else."""
    if text(payload, "type") != "block_actions":
        return []
    user = payload.get("user")
    name = text(user, "username") or text(user, "name") or text(user, "id")
    return [
        Press(
            action_id=text(action, "action_id")[:100],
            value=text(action, "value")[:200],
            action_ts=text(action, "action_ts")[:30],
            user_id=text(user, "id")[:30],
            user_name=one_line(name, 100),
        )
        for action in objects(payload, "actions")[:10]
    ]


def safe_response_url(url: str, api_url: str) -> str:
    """`url` where it leads to Slack (or to the host that stands for it in the settings), else ""."""
    try:
        parts, api = urlsplit(url), urlsplit(api_url)
    except ValueError:
        return ""
    if "@" in parts.netloc or any(character.isspace() for character in url):
        return ""
    if parts.scheme == "https" and parts.netloc == SLACK_HOST:
        return url
    return url if (parts.scheme, parts.netloc) == (api.scheme, api.netloc) and parts.netloc else ""
