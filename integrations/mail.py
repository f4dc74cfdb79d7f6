"""E-mail through Django's mail: plain text, one border, errors like every other vendor's."""

from __future__ import annotations

import smtplib
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import BadHeaderError, EmailMessage
from django.core.validators import validate_email

from integrations.errors import IntegrationError, NotConfiguredError
from integrations.wording import one_line

VENDOR = "email"


@dataclass(frozen=True, slots=True)
class EmailConfig:
    sender: str

    @classmethod
    def from_settings(cls) -> EmailConfig:
        """Raises NotConfiguredError that names what is missing."""
        if not settings.EMAIL_HOST:
            raise NotConfiguredError(VENDOR, "Set EMAIL_HOST.")
        return cls(settings.DEFAULT_FROM_EMAIL)


def addresses(text: str) -> list[str]:
    """The addresses of a comma-separated list, each once; what is no address is left out."""
    found = dict.fromkeys(word.strip() for word in text.split(",") if word.strip())
    return [address for address in found if _is_address(address)]


def send(*, to: Sequence[str], subject: str, text: str, identity: str) -> None:
    """Send one message. `identity` makes the Message-ID: sent twice, it is the same message to those who care.

    Raises IntegrationError; `outcome_unknown` where the server may have taken it.
    """
    config = EmailConfig.from_settings()
    if not to:
        raise _error(
            "there is no address to send to", permanent=True, advice="Give the step an e-mail address."
        )
    host = urlsplit(settings.PUBLIC_BASE_URL).hostname or "localhost"
    message = EmailMessage(
        subject=one_line(subject, 200),
        body=text,
        from_email=config.sender,
        to=list(to),
        headers={"Message-ID": f"<{identity}@{host}>", "Auto-Submitted": "auto-generated"},
    )
    try:
        message.send()
    except (
        smtplib.SMTPAuthenticationError,
        smtplib.SMTPRecipientsRefused,
        smtplib.SMTPSenderRefused,
    ) as error:
        raise _error(
            f"the mail server refused: {type(error).__name__}",
            permanent=True,
            advice="Check EMAIL_HOST_USER, EMAIL_HOST_PASSWORD, EMAIL_FROM and the addresses.",
        ) from None
    except BadHeaderError:
        raise _error("a header holds a line break", permanent=True) from None
    except (smtplib.SMTPException, OSError) as error:
        is_sent = isinstance(error, smtplib.SMTPServerDisconnected | TimeoutError)
        raise _error(
            f"the mail server could not be used: {type(error).__name__}", permanent=False, unknown=is_sent
        ) from None


def _is_address(word: str) -> bool:
    try:
        validate_email(word)
    except ValidationError:
        return False
    return True


def _error(message: str, *, permanent: bool, advice: str = "", unknown: bool = False) -> IntegrationError:
    return IntegrationError(
        f"{VENDOR}: {message}", vendor=VENDOR, permanent=permanent, advice=advice, outcome_unknown=unknown
    )
