"""A name server of the test's own, which may change its mind."""

from __future__ import annotations

import socket
from typing import Any

import pytest


def answering(patch: pytest.MonkeyPatch, name: str, *lists: tuple[str, ...]) -> list[str]:
    """Answers for `name` with the lists of addresses, one after the other, then with the last; returns who was asked
    for. All else goes the usual way.
    """
    original = socket.getaddrinfo
    asked: list[str] = []

    def getaddrinfo(host: Any, port: Any, *rest: Any, **named: Any) -> Any:
        if host != name:
            return original(host, port, *rest, **named)
        asked.append(host)
        found = lists[min(len(asked), len(lists)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    patch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked
