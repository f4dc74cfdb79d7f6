"""The generic webhook of an escalation: which secret signs it, which hosts beyond the public ones are allowed."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.conf import settings

from integrations.errors import NotConfiguredError

VENDOR = "webhook"


@dataclass(frozen=True, slots=True)
class WebhookConfig:
    secret: str = field(repr=False)
    allowed_hosts: tuple[str, ...] = ()

    @classmethod
    def from_settings(cls) -> WebhookConfig:
        """Raises NotConfiguredError that names what is missing."""
        if not settings.ESCALATION_SIGNING_SECRET:
            raise NotConfiguredError(VENDOR, "Set ESCALATION_SIGNING_SECRET.")
        return cls(settings.ESCALATION_SIGNING_SECRET, settings.ESCALATION_WEBHOOK_HOSTS)
