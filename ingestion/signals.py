"""What the door says to the workers, always after the commit. `lookup_requested`: a look-up of runs waits."""

from __future__ import annotations

from django.dispatch import Signal

lookup_requested = Signal()
