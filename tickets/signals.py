"""What `tickets` says to the layers above, always after the commit.

`ticket_opened(ticket_id)`: there is work to do. `ticket_changed(ticket_id, event)`: one of the live events.
Receivers must be quick and must not raise; a lost call is made good by a sweep.

`reported_again(reports)` alone comes inside the transaction: tickets, each with how often it had been reported
before. What a receiver writes is committed with the count, and what it raises undoes it.
"""

from __future__ import annotations

from django.dispatch import Signal

ticket_opened = Signal()
ticket_changed = Signal()
reported_again = Signal()
