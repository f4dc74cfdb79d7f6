"""A database with every migration applied: made once in a run of the tests, and copied for each server under test.

The migrations are more than half of what a first start computes. What a server does with an empty database is shown by
the tests that ask for one (`begins_empty`, `own_services`).
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parents[2]
SQLITE_FILE = "aiops.sqlite3"  # the embedded default, in its data folder
SHARED = "AIOPS_SHARED_BY_TESTS"  # the processes of one run have it from the one that starts them


def shared_folder() -> Path:
    """The same for all processes of one run, and gone after it."""
    if SHARED not in os.environ:
        os.environ[SHARED] = tempfile.mkdtemp(prefix="aiops-tests-")
        atexit.register(_tidy, Path(os.environ[SHARED]))
    return Path(os.environ[SHARED])


def migrated_file() -> Path:
    """A SQLite file to copy."""
    file = shared_folder() / SQLITE_FILE
    with _alone():
        if not file.exists():
            data = file.with_name("data")
            _migrate(data, {})
            (data / SQLITE_FILE).rename(file)
    return file


def migrated_database(url: str) -> str:
    """The name of a database to copy, on the PostgreSQL server of `url`."""
    folder = shared_folder()
    name = folder.name.replace("-", "_")
    is_whole = folder / "is-whole"
    with _alone():
        if not is_whole.exists():
            (folder / "made-at").write_text(url)
            execute(url, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)  # what a failed try left
            execute(url, "CREATE DATABASE {}", name)
            _migrate(folder / "data", {"DATABASE_URL": urlunsplit(urlsplit(url)._replace(path=f"/{name}"))})
            is_whole.touch()
    return name


def execute(url: str, statement: str, *names: str) -> None:
    """A statement of PostgreSQL about the databases with these names."""
    postgres = urlunsplit(urlsplit(url)._replace(path="/postgres"))
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@contextmanager
def _alone() -> Iterator[None]:
    with (shared_folder() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _migrate(data: Path, database: dict[str, str]) -> None:
    data.mkdir(exist_ok=True)
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity", "0"],
        cwd=ROOT, env=kept | database | {"AIOPS_DATA_DIR": str(data)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]


def _tidy(folder: Path) -> None:
    made = folder / "made-at"
    if made.exists():
        execute(made.read_text(), "DROP DATABASE IF EXISTS {} WITH (FORCE)", folder.name.replace("-", "_"))
    shutil.rmtree(folder)
