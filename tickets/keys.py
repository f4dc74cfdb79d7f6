"""Ticket keys: `<prefix><UTC yyyymmddThhmmss>-<6 hex>`."""

from __future__ import annotations

import secrets
from datetime import datetime


def new_ticket_key(prefix: str, now: datetime) -> str:
    return f"{prefix}{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
