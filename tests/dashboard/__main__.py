"""Starts the stand-in server: `python -m tests.dashboard [PORT]`."""

from __future__ import annotations

import asyncio
import sys

from daphne.server import Server

from tests.dashboard.fake_server import application, broadcast


def main(port: int) -> None:
    server = Server(application, endpoints=[f"tcp:port={port}:interface=127.0.0.1"], signal_handlers=True)
    from twisted.internet import reactor  # noqa: PLC0415 - importing it earlier would choose the wrong event loop

    reactor.callWhenRunning(lambda: asyncio.ensure_future(broadcast()))
    server.run()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8765)
