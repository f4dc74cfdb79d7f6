"""Database work of asynchronous code, off the event loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from asgiref.sync import sync_to_async
from django.db import close_old_connections

T = TypeVar("T")


async def in_thread(function: Callable[..., T], *arguments: object) -> T:
    """`function(*arguments)` in a worker thread, which keeps no broken and no outdated connection."""

    def call() -> T:
        close_old_connections()
        try:
            return function(*arguments)
        finally:
            close_old_connections()

    return await sync_to_async(call, thread_sensitive=False)()
