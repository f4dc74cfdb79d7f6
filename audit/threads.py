"""Database work of asynchronous code, off the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from asgiref.sync import sync_to_async
from django.db import close_old_connections, connections

T = TypeVar("T")

IDLE_SECONDS = 0.5
"""How long `OwnThread` keeps its connection when nothing is asked of it."""


async def in_thread(function: Callable[..., T], *arguments: object) -> T:
    """`function(*arguments)` in a worker thread, which keeps no broken and no outdated connection."""

    def call() -> T:
        close_old_connections()
        try:
            return function(*arguments)
        finally:
            close_old_connections()

    return await sync_to_async(call, thread_sensitive=False)()


class OwnThread:
    """A worker thread for one job of many steps: connecting anew for each could cost as much as a third of the job.

    The connection is given back when no step is asked for in IDLE_SECONDS. Call `close` at the end.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="aiops-own")
        self._idle: asyncio.TimerHandle | None = None

    async def run(self, function: Callable[..., T], *arguments: object) -> T:
        if self._idle is not None:
            self._idle.cancel()
        answer = await sync_to_async(function, thread_sensitive=False, executor=self._pool)(*arguments)
        self._idle = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._give_back)
        return answer

    def close(self) -> None:
        """The connection is closed behind the step that still runs, if one does."""
        if self._idle is not None:
            self._idle.cancel()
        self._give_back()
        self._pool.shutdown(wait=False)

    def _give_back(self) -> None:
        self._pool.submit(connections.close_all)
