"""The orderly end: what comes meanwhile is told to come again, and nothing that hangs holds the process."""

from __future__ import annotations

import logging
import os
import threading

from aiops.body_limit import Application, Receive, Scope, Send, send_json
from ingestion.answers import refused
from ingestion.services import RETRY_AFTER_SECONDS

HANGING_SECONDS = 10.0

logger = logging.getLogger(__name__)


class Gate:
    """Hands requests on to `application` until it is closed, and answers `503` from then on."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._is_closed = False

    def close(self) -> None:
        self._is_closed = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._is_closed:
            return await self._application(scope, receive, send)
        answer = refused(503, "The server is stopping; try again.", Retry_After=RETRY_AFTER_SECONDS)
        await send_json(send, answer.http_status, answer.encoded(), answer.headers)
        return None


def end_without_those_who_hang(seconds: float = HANGING_SECONDS) -> None:
    """All is written and stopped: from here on the process waits no longer than `seconds` for a thread.

    Python joins the threads of its pools at the end. One that waits for a database that does not answer, or for an
    event loop that is gone, would hold the process until somebody kills it.
    """

    def end() -> None:
        names = ", ".join(
            thread.name for thread in threading.enumerate() if thread.is_alive() and not thread.daemon
        )
        logger.warning("Ended without waiting any longer for: %s", names)
        os._exit(0)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
