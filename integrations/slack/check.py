"""Whether Slack takes our token. Whether the app is in the channel only a post can tell without further scopes."""

from __future__ import annotations

from integrations.checks import register
from integrations.slack.client import SlackClient
from integrations.slack.config import VENDOR, SlackConfig


def check() -> str:
    return SlackClient(SlackConfig.from_settings()).check()


register(VENDOR, check)
