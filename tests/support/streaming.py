"""What an answer says, streamed or not."""

from __future__ import annotations

from typing import Any

from asgiref.sync import async_to_sync


def body_of(answer: Any) -> bytes:
    """All of it, whichever kind of iterator streams it."""
    if not getattr(answer, "streaming", False):
        return bytes(answer.content)
    if not answer.is_async:
        return b"".join(answer.streaming_content)

    async def gather() -> bytes:
        return b"".join([part async for part in answer.streaming_content])

    return async_to_sync(gather)()
