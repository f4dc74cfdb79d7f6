"""Live dashboards the stock way, behind the same door: each socket's consumer in a group, each change a `group_send`.

Channels' in-memory layer, which belongs to the server's event loop; changes come from the door's own threads.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from channels.layers import get_channel_layer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import re_path

from aiops.asgi import door
from tickets.consumers import LiveConsumer
from tickets.models import Ticket
from tickets.rows import ticket_row, with_row_relations
from tickets.signals import ticket_changed

GROUP = "dashboards"
_loops: list[asyncio.AbstractEventLoop] = []


class GroupedConsumer(LiveConsumer):
    """Lets in whom the product lets in, and then hears of changes through the group."""

    async def connect(self) -> None:
        self._token = self.scope["subprotocols"][1]
        if await asyncio.to_thread(self.has_ended):
            await self.close()
            return
        await self.accept(subprotocol="bearer")
        await self.channel_layer.group_add(GROUP, self.channel_name)
        if not _loops:
            _loops.append(asyncio.get_running_loop())

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(GROUP, self.channel_name)

    async def ticket_told(self, message: dict[str, Any]) -> None:
        await self.send(text_data=message["text"])


def _tell(ticket_id: int, event: str, **_: Any) -> None:
    """After the commit of each change, in the thread that made it."""
    layer = get_channel_layer()
    if not _loops or layer is None:
        return
    ticket = with_row_relations(Ticket.objects.filter(pk=ticket_id)).get()
    told = json.dumps([{"event": event, "ticket_id": ticket.key, "ticket": ticket_row(ticket)}])
    sending = layer.group_send(GROUP, {"type": "ticket.told", "text": told})
    asyncio.run_coroutine_threadsafe(sending, _loops[0])


ticket_changed.connect(_tell, dispatch_uid="bench.references.grouped")
application = ProtocolTypeRouter(
    {"http": door, "websocket": URLRouter([re_path(r"^ws/?$", GroupedConsumer.as_asgi())])}
)
