"""From the environment to Django's DATABASES, for the three databases the project runs on."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import dj_database_url

from aiops import env

SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA cache_size=-16000;"
)


def configuration(data_dir: Path) -> dict[str, Any]:
    """The default database from `DATABASE_URL`, or from the `AZURE_SQL_*` variables with `DB_TYPE=azuresql`.

    Raises EnvironmentValueError naming the variable that cannot be used.
    """
    kind = env.choice("DB_TYPE", "url", ("url", "sqlite", "postgres", "azuresql"))
    address = _azure_sql_url() if kind == "azuresql" else env.text("DATABASE_URL")
    address = address or f"sqlite:///{(data_dir / 'aiops.sqlite3').resolve()}"
    try:
        parsed: dict[str, Any] = dict(dj_database_url.parse(address))
    except (ValueError, KeyError) as error:
        raise env.EnvironmentValueError(
            "DATABASE_URL", "a URL that begins with sqlite:///, postgres:// or mssql://"
        ) from error
    if address.startswith(("mssql://", "mssqlms://")):
        parsed["ENGINE"] = "mssql"
    vendor = parsed["ENGINE"].rsplit(".", 1)[-1]
    options = dict(parsed.get("OPTIONS") or {})
    if vendor == "sqlite3":
        # IMMEDIATE: a writer takes its lock at BEGIN and waits; a deferred one would fail when it upgrades.
        options |= {"transaction_mode": "IMMEDIATE", "timeout": 10, "init_command": SQLITE_PRAGMAS}
        parsed["ENGINE"] = "aiops.backends.sqlite3"  # Django's, with the writers of one process in a queue
    elif vendor == "mssql":
        # The driver that ships its own ODBC layer: nothing to install on the machine.
        options.setdefault("python_driver", "mssql_python")
        options.setdefault("extra_params", "Encrypt=yes")
    elif vendor == "postgresql":
        # A server that is gone without a word must not hold the door for minutes.
        options = {"connect_timeout": 5, "tcp_user_timeout": 10_000} | options
    else:
        raise env.EnvironmentValueError("DATABASE_URL", "sqlite:///, postgres:// or mssql://")
    parsed["OPTIONS"] = options
    # Under ASGI a kept connection would leak with its thread.
    parsed["CONN_MAX_AGE"] = 0
    return parsed


def _azure_sql_url() -> str:
    names = ("AZURE_SQL_SERVER", "AZURE_SQL_DATABASE", "AZURE_SQL_USERNAME", "AZURE_SQL_PASSWORD")
    values = {name: env.text(name) for name in names}
    for name, value in values.items():
        if not value:
            raise env.EnvironmentValueError(name, "a value, because DB_TYPE is azuresql")
    user, password = (
        quote(values["AZURE_SQL_USERNAME"], safe=""),
        quote(values["AZURE_SQL_PASSWORD"], safe=""),
    )
    return f"mssql://{user}:{password}@{values['AZURE_SQL_SERVER']}:1433/{values['AZURE_SQL_DATABASE']}"
