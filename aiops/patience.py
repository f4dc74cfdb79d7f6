"""The class of every task: a database that is away for a moment costs seconds and one line, not a traceback."""

from __future__ import annotations

import logging
from typing import Any

from celery import Task
from django.db import InterfaceError, OperationalError

logger = logging.getLogger(__name__)

PAUSES = (1, 2, 4, 8, 16)
"""Seconds; together less than any lease, so nobody else has taken over what is tried again."""


class PatientTask(Task):
    """A task that was handed a row tries again, since its row waits under its lease; a wake-up is left to the next.

    Every task of the desk may be repeated: the row says what is left to do.
    """

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().__call__(*args, **kwargs)
        except (OperationalError, InterfaceError) as error:
            if self.request.called_directly:
                raise
            told = str(error).strip().partition("\n")[0]
            if not args and not kwargs:
                logger.warning("%s was left to the next sweep: the database is away (%s)", self.name, told)
                return None
            attempt = self.request.retries
            if attempt >= len(PAUSES):
                logger.error("%s waits for its lease to end: the database is away (%s)", self.name, told)  # noqa: TRY400
                return None
            logger.warning("%s tries again: the database is away (%s)", self.name, told)
            raise self.retry(exc=error, countdown=PAUSES[attempt], max_retries=None) from error
