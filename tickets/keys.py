"""Ticket keys: `<prefix><UTC yyyymmddThhmmss>-<6 hex>`."""

from __future__ import annotations

from datetime import datetime

from audit.chance import random_hex


def new_ticket_key(prefix: str, now: datetime) -> str:
    return f"{prefix}{now:%Y%m%dT%H%M%S}-{random_hex(3)}"


def as_ticket_key(typed: str) -> str:
    """A ticket's id as it is written, capitals before the last hyphen and small letters behind it."""
    head, hyphen, tail = typed.rpartition("-")
    return f"{head.upper()}{hyphen}{tail.lower()}"
