"""A row that there is one of, locked: made by whoever comes first."""

from __future__ import annotations

from typing import TypeVar

from django.db import IntegrityError, transaction
from django.db.models import Model

M = TypeVar("M", bound=Model)


def lock_or_make(model: type[M], pk: int | str) -> M:
    """The row with that key, with its defaults where it is new, locked until the end of the transaction."""
    rows = model._default_manager.select_for_update()
    found = rows.filter(pk=pk).first()
    if found is None:
        try:
            with transaction.atomic():
                model._default_manager.create(pk=pk)
        except IntegrityError:
            pass  # another process made it
        found = rows.get(pk=pk)
    return found
