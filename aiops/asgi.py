"""The ASGI application: alerts to the fast door, other HTTP to Django, `/ws` to the live consumer."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aiops.settings")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import re_path  # noqa: E402

from aiops.body_limit import BodyLimit  # noqa: E402
from aiops.ending import Gate  # noqa: E402
from ingestion.fast_door.application import FastDoor  # noqa: E402
from tickets.consumers import LiveConsumer  # noqa: E402

gate = Gate(BodyLimit(django_application))
door = FastDoor(gate)
application = ProtocolTypeRouter(
    {
        "http": door,
        "websocket": URLRouter([re_path(r"^ws/?$", LiveConsumer.as_asgi())]),
    }
)


def refuse() -> None:
    """The end begins: whoever asks from now on is told to try again."""
    door.writer.refuse()
    gate.close()
