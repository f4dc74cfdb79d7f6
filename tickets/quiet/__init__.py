"""Quiet times: maintenance windows and mutes. Tickets are born and recorded as ever; people are told afterwards.

`is_quiet(ticket, at)` is for everyone who is about to disturb somebody, `window_for(ticket, at)` for who is about to
act on a resource: a window says that people work on it, a mute only that they want no notices.
"""

from __future__ import annotations

from datetime import datetime

from tickets.quiet.rules import Quiet, Subject, quiet_for, window_for

__all__ = ["Quiet", "is_quiet", "quiet_for", "window_for"]


def is_quiet(ticket: Subject, at: datetime) -> bool:
    """Whether a maintenance window or a mute holds for the ticket at a moment (aware)."""
    return quiet_for(ticket, at) is not None
