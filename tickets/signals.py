"""What `tickets` says to the layers above, always after the commit.

`ticket_opened(ticket_id)`: there is work to do. `ticket_changed(ticket_id, event)`: one of the live events.
Receivers must be quick and must not raise; a lost call is made good by a sweep.
"""

from __future__ import annotations

from django.dispatch import Signal

ticket_opened = Signal()
ticket_changed = Signal()
