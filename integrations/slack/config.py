"""Which Slack workspace is spoken to, and where alerts go."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.conf import settings

from integrations.errors import NotConfiguredError

VENDOR = "slack"


@dataclass(frozen=True, slots=True)
class SlackConfig:
    """`channel` is a name or an id; `api_url` ends in `/api/`; `timeout` is in seconds, per call."""

    token: str = field(repr=False)
    channel: str
    api_url: str = "https://slack.com/api/"
    timeout: int = 10

    @classmethod
    def from_settings(cls) -> SlackConfig:
        """Raises NotConfiguredError that names what is missing."""
        missing = [name for name in ("SLACK_BOT_TOKEN", "SLACK_ALERT_CHANNEL") if not getattr(settings, name)]
        if missing:
            raise NotConfiguredError(VENDOR, f"Set {', '.join(missing)}.")
        return cls(
            token=settings.SLACK_BOT_TOKEN,
            channel=settings.SLACK_ALERT_CHANNEL.removeprefix("#"),
            api_url=settings.SLACK_API_URL,
        )
