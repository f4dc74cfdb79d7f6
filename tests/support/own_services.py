"""A database and a broker of its own for each server under test, where the tests run on PostgreSQL and Redis.

Servers that shared them would take each other's work and find each other's administrator.
"""

from __future__ import annotations

import atexit
import os
import secrets
from urllib.parse import urlsplit, urlunsplit

import redis

from tests.support.migrated import execute, migrated_database
from tests.support.own_redis import further


def own_services(*, is_migrated: bool = False) -> dict[str, str]:
    """`DATABASE_URL` and `REDIS_URL` for one server; empty on the embedded default."""
    found: dict[str, str] = {}
    if os.environ.get("DATABASE_URL", "").startswith("postgres"):
        found["DATABASE_URL"] = _own_database(os.environ["DATABASE_URL"], is_migrated=is_migrated)
    if os.environ.get("REDIS_URL"):
        found["REDIS_URL"] = _own_broker(os.environ["REDIS_URL"])
    return found


def _own_database(url: str, *, is_migrated: bool) -> str:
    name = f"aiops_live_{secrets.token_hex(6)}"
    if is_migrated:
        execute(url, "CREATE DATABASE {} TEMPLATE {}", name, migrated_database(url))
    else:
        execute(url, "CREATE DATABASE {}", name)
    atexit.register(execute, url, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _own_broker(url: str) -> str:
    """The database after that of this process, emptied: within one process servers come after each other."""
    address = further(url, 1)
    with redis.Redis.from_url(address) as broker:
        broker.flushdb()
    return address
