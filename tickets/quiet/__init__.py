"""Quiet times: maintenance windows and mutes. Tickets are born and recorded as ever; people are told afterwards.

`is_quiet(ticket, at)` is for everyone who is about to disturb somebody, or to act on a resource by itself.
"""

from __future__ import annotations

from datetime import datetime

from tickets.quiet.rules import Quiet, Subject, quiet_for

__all__ = ["Quiet", "is_quiet", "quiet_for"]


def is_quiet(ticket: Subject, at: datetime) -> bool:
    """Whether a maintenance window or a mute holds for the ticket at a moment (aware)."""
    return quiet_for(ticket, at) is not None
