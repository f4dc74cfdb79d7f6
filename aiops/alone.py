"""One at a time: migrations under a lock of the database, and one embedded desk per data folder."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.db.backends.base.base import BaseDatabaseWrapper

LOCK_NAME = "aiops-migrate"
LOCK_NUMBER = 0x6169_6F70  # "aiop"; PostgreSQL names advisory locks by number

Tell = Callable[[str], object]


class DataFolderTakenError(Exception):
    """Another embedded desk uses the data folder."""


@contextmanager
def migrating_alone(connection: BaseDatabaseWrapper, tell: Tell) -> Iterator[None]:
    """Hold the database's own lock while the schema is brought up to date; a second starter waits for the first.

    The lock belongs to the connection, so the server frees it when its holder dies. PostgreSQL: not through a
    pooler that gives each transaction another session.
    """
    if connection.vendor == "sqlite":
        path = Path(str(connection.settings_dict["NAME"]) + ".migrate.lock")
        with path.open("a", encoding="utf-8") as file:
            if not _try_lock(file):
                tell("  Waiting                another process brings the database up to date")
                fcntl.flock(file, fcntl.LOCK_EX)
            yield
        return
    take, release = _SERVER_LOCKS[connection.vendor]
    if not take(connection, wait=False):
        tell("  Waiting                another process brings the database up to date")
        take(connection, wait=True)
    try:
        yield
    finally:
        release(connection)


@contextmanager
def holding_data_folder(folder: Path, *, wait_seconds: float, tell: Tell) -> Iterator[None]:
    """Be the only embedded desk of a data folder; one that still drains is waited for.

    Raises DataFolderTakenError with one sentence. The kernel frees the lock when its holder dies.
    """
    path = folder / "desk.lock"
    with path.open("a+", encoding="utf-8") as file:
        deadline = time.monotonic() + wait_seconds
        told = False
        while not _try_lock(file):
            file.seek(0)
            holder = file.read(20).strip() or "unknown"
            if time.monotonic() > deadline:
                raise DataFolderTakenError(
                    f"AIOPS_DATA_DIR: another desk (process {holder}) runs on {folder}; stop it, or give this one"
                    " another folder."
                )
            if not told:
                tell(f"  Waiting                process {holder} still uses {folder}")
                told = True
            time.sleep(0.1)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _take_on_postgres(connection: BaseDatabaseWrapper, *, wait: bool) -> bool:
    with connection.cursor() as cursor:
        if wait:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK_NUMBER])
            return True
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK_NUMBER])
        return bool(cursor.fetchone()[0])


def _release_on_postgres(connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK_NUMBER])


TAKE_ON_SQL_SERVER = """
DECLARE @result int;
EXEC @result = sp_getapplock @Resource = %s, @LockMode = 'Exclusive', @LockOwner = 'Session', @LockTimeout = %s;
SELECT @result;
"""
RELEASE_ON_SQL_SERVER = "EXEC sp_releaseapplock @Resource = %s, @LockOwner = 'Session';"


def _take_on_sql_server(connection: BaseDatabaseWrapper, *, wait: bool) -> bool:
    """sp_getapplock gives 0 or 1 when the lock is held, a negative number when it is not."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE_ON_SQL_SERVER, [LOCK_NAME, -1 if wait else 0])
        return int(cursor.fetchone()[0]) >= 0


def _release_on_sql_server(connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        cursor.execute(RELEASE_ON_SQL_SERVER, [LOCK_NAME])


_SERVER_LOCKS = {
    "postgresql": (_take_on_postgres, _release_on_postgres),
    "microsoft": (_take_on_sql_server, _release_on_sql_server),
}
