"""A database and a broker of its own for each server under test, where the tests run on PostgreSQL and Redis.

Servers that shared them would take each other's work and find each other's administrator.
"""

from __future__ import annotations

import atexit
import os
import secrets
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis
from psycopg import sql

REDIS_DATABASES = 16  # its own default


def own_services() -> dict[str, str]:
    """`DATABASE_URL` and `REDIS_URL` for one server; empty on the embedded default."""
    found: dict[str, str] = {}
    if os.environ.get("DATABASE_URL", "").startswith("postgres"):
        found["DATABASE_URL"] = _fresh_database(os.environ["DATABASE_URL"])
    if os.environ.get("REDIS_URL"):
        found["REDIS_URL"] = _own_broker(os.environ["REDIS_URL"])
    return found


def _fresh_database(url: str) -> str:
    name = f"aiops_live_{secrets.token_hex(6)}"
    _execute(url, "CREATE DATABASE {}", name)
    atexit.register(_execute, url, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _execute(url: str, statement: str, name: str) -> None:
    postgres = urlunsplit(urlsplit(url)._replace(path="/postgres"))
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(sql.Identifier(name)))


def _own_broker(url: str) -> str:
    """One logical database per test process, those after the given one: within one, servers come after each other."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    given = int(urlsplit(url).path.strip("/") or 0)
    address = urlunsplit(urlsplit(url)._replace(path=f"/{(given + 1 + int(worker)) % REDIS_DATABASES}"))
    with redis.Redis.from_url(address) as broker:
        broker.flushdb()
    return address
