"""From the environment to Django's DATABASES, for the three databases the project runs on."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any
from urllib.parse import quote

import dj_database_url

from aiops import env

# The driver's names for the ways to sign in with Microsoft Entra; the first needs a client id and a secret.
ENTRA = ("ActiveDirectoryServicePrincipal", "ActiveDirectoryMSI", "ActiveDirectoryDefault")
SQL_SERVER_KEYWORDS = {
    "Encrypt": ("yes", "strict"),
    "TrustServerCertificate": ("yes", "no"),  # yes only for a server of one's own on a private network
    "Authentication": ENTRA,
}
# Each of some twenty threads fills a cache of its own: 16 MB became 200 MB of a process. The bench's 57 pages at
# 100,000 tickets cost 3 % more in the database with 4 MB, and 25 % more with 2 MB.
SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA cache_size=-4000;"
)


def configuration(data_dir: Path) -> dict[str, Any]:
    """The default database from `DATABASE_URL`, or from the `AZURE_SQL_*` variables with `DB_TYPE=azuresql`.

    Raises EnvironmentValueError naming the variable that cannot be used.
    """
    kind = env.choice("DB_TYPE", "url", ("url", "sqlite", "postgres", "azuresql"))
    given = _azure_sql_url() if kind == "azuresql" else env.text("DATABASE_URL")
    address = given or f"sqlite:///{(data_dir / 'aiops.sqlite3').resolve()}"
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
        if given:
            _expect_folder_of(parsed["NAME"])
        # IMMEDIATE: a writer takes its lock at BEGIN and waits; a deferred one would fail when it upgrades.
        options |= {"transaction_mode": "IMMEDIATE", "timeout": 10, "init_command": SQLITE_PRAGMAS}
        parsed["ENGINE"] = "aiops.backends.sqlite3"  # Django's, with the writers of one process in a queue
    elif vendor == "mssql":
        options = _sql_server_options(options)
        parsed["ENGINE"] = "aiops.backends.mssql"  # mssql-django's, with a retry that suits its driver
    elif vendor == "postgresql":
        # A server that is gone without a word must not hold the door for minutes, nor one that has taken a question
        # and vanished before its answer, which only probes find out (25 s; the system's own begin after two hours).
        probes = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
        options = {"connect_timeout": 5, "tcp_user_timeout": 10_000} | probes | options
    else:
        raise env.EnvironmentValueError("DATABASE_URL", "sqlite:///, postgres:// or mssql://")
    parsed["OPTIONS"] = options
    # Under ASGI a kept connection would leak with its thread.
    parsed["CONN_MAX_AGE"] = 0
    return parsed


def _expect_folder_of(file: str) -> None:
    """SQLite makes the file and not its folder; in memory every thread would have a database of its own."""
    if file in {"", ":memory:"} or not Path(file).parent.is_dir():
        raise env.EnvironmentValueError(
            "DATABASE_URL",
            "after sqlite:/// a file in a folder that exists (an absolute path has four slashes)",
        )


def _sql_server_options(asked: dict[str, Any]) -> dict[str, Any]:
    """From the URL's query to mssql-django's OPTIONS: always encrypted, Entra where `Authentication` names it.

    Raises EnvironmentValueError for a name or value that cannot be used, and where unixODBC's libraries are
    missing: mssql-django imports pyodbc whichever driver is chosen, and `mssql-python` loads libltdl.
    """
    try:
        importlib.import_module("pyodbc")
    except ImportError as error:
        expected = (
            "unixODBC's libraries on this machine for SQL Server (Debian: apt-get install libodbc2 libltdl7)"
        )
        raise env.EnvironmentValueError("DATABASE_URL", expected) from error
    wanted = {"Encrypt": "yes"}
    for name, value in asked.items():
        if value not in SQL_SERVER_KEYWORDS.get(name, ()):
            known = "; ".join(f"{key}={'|'.join(values)}" for key, values in SQL_SERVER_KEYWORDS.items())
            raise env.EnvironmentValueError("DATABASE_URL", f"after its question mark only {known}")
        wanted[name] = value
    return {
        "python_driver": "mssql_python",
        "extra_params": ";".join(f"{name}={value}" for name, value in wanted.items()),
        "connection_timeout": 15,
        "connection_retries": 0,  # the backend's own
    }


def _azure_sql_url() -> str:
    """`AZURE_SQL_AUTHENTICATION` (Entra) does without a password where the identity is the machine's own."""
    how = env.choice("AZURE_SQL_AUTHENTICATION", "password", ("password", *map(str.lower, ENTRA)))
    needed = ["AZURE_SQL_SERVER", "AZURE_SQL_DATABASE"]
    if how == "password" or how == ENTRA[0].lower():
        needed += ["AZURE_SQL_USERNAME", "AZURE_SQL_PASSWORD"]
    names = ("AZURE_SQL_SERVER", "AZURE_SQL_DATABASE", "AZURE_SQL_USERNAME", "AZURE_SQL_PASSWORD")
    values = {name: env.text(name) for name in names}
    for name in needed:
        if not values[name]:
            raise env.EnvironmentValueError(name, "a value, because DB_TYPE is azuresql")
    user, password = (quote(values[name], safe="") for name in names[2:])
    who = f"{user}:{password}@" if password else f"{user}@" if user else ""
    address = f"mssql://{who}{values['AZURE_SQL_SERVER']}:1433/{quote(values['AZURE_SQL_DATABASE'])}"
    entra = next((mode for mode in ENTRA if mode.lower() == how), "")
    return f"{address}?Authentication={entra}" if entra else address
