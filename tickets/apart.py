"""Many rows, one after the other: one that breaks is logged and left to the next look, and holds up no other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from django.db import InterfaceError, OperationalError

logger = logging.getLogger(__name__)

T = TypeVar("T")


def add_up(what: str, act: Callable[[T], int], items: Iterable[T]) -> int:
    """The sum of what `act` returns for each item; `what` names it in the log.

    A database that is away is no fault of one item: OperationalError and InterfaceError are raised.
    """
    done = 0
    for item in items:
        try:
            done += act(item)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            logger.exception("%s: %s broke; the others go on", what, item)
    return done
