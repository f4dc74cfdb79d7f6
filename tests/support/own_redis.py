"""A pytest plugin, named in pyproject.toml so that it is loaded before the settings: a Redis database per process.

Processes that share one would find each other's messages in the line, and empty each other's cache. Each has two of
Redis' databases after the given one: its own, and the next for the servers it starts (`own_services`).
"""

from __future__ import annotations

import os
from urllib.parse import urlsplit, urlunsplit

REDIS_DATABASES = 16  # its own default


def further(url: str, steps: int) -> str:
    """The address of the Redis database that is so many after the one in `url`."""
    given = int(urlsplit(url).path.strip("/") or 0)
    return urlunsplit(urlsplit(url)._replace(path=f"/{(given + steps) % REDIS_DATABASES}"))


if os.environ.get("REDIS_URL") and (worker := os.environ.get("PYTEST_XDIST_WORKER")):
    os.environ["REDIS_URL"] = further(os.environ["REDIS_URL"], 1 + 2 * int(worker.removeprefix("gw")))
