"""How the console looks."""

from __future__ import annotations

from aiops.console import theme

UNFOLD = theme.UNFOLD
