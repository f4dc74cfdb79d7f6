"""SQL Server without a server: how it is configured, what its errors mean, and every statement of every migration.

The statements are made by mssql-django's own schema editor and read by a parser of T-SQL. That proves syntax and
that nothing of another vendor is in them, not that a real server takes them: see docs/azure-sql.md.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.apps import apps
from django.db.migrations.loader import MigrationLoader
from django.db.models import Model, UniqueConstraint

from aiops import alone, databases, env
from aiops.backends.mssql.transient import MESSAGES, is_transient
from audit.triggers import sqlserver

sqlfluff = pytest.importorskip("sqlfluff.core", reason="sqlfluff (requirements/dev.txt) is not installed")

AZURE = {
    "DB_TYPE": "azuresql",
    "AZURE_SQL_SERVER": "desk.database.windows.net",
    "AZURE_SQL_DATABASE": "aiops",
    "AZURE_SQL_USERNAME": "desk",
    "AZURE_SQL_PASSWORD": "p@ss/word;{}",
}


@pytest.fixture(autouse=True, scope="module")
def _pyodbc() -> Iterator[None]:
    """mssql-django imports pyodbc whichever driver it uses; where unixODBC is missing an empty one stands in."""
    with pytest.MonkeyPatch.context() as patch:
        try:
            import pyodbc  # noqa: F401, PLC0415
        except ImportError:
            stand_in = ModuleType("pyodbc")
            stand_in.version = "5.5.0"  # type: ignore[attr-defined]
            stand_in.__getattr__ = _constant  # type: ignore[method-assign]
            for name in ("Error", "DatabaseError", "OperationalError", "ProgrammingError"):
                setattr(stand_in, name, type(name, (Exception,), {}))
            patch.setitem(sys.modules, "pyodbc", stand_in)
        yield


def _constant(name: str) -> str:
    """`pyodbc.SQL_BIGINT` and the like, which are only keys of a table."""
    if not name.startswith("SQL_"):
        raise AttributeError(name)
    return name


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    def configure(**variables: str) -> dict[str, Any]:
        for name in (*AZURE, "DATABASE_URL", "AZURE_SQL_AUTHENTICATION"):
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return databases.configuration(tmp_path)

    return configure


def connection_string(configuration: dict[str, Any]) -> str:
    from aiops.backends.mssql.base import DatabaseWrapper  # noqa: PLC0415 - needs pyodbc or its stand-in

    return str(DatabaseWrapper(configuration)._build_connection_string(configuration, ""))


def test_url_and_variables_lead_to_the_same_encrypted_connection(configured: Any) -> None:
    by_variables = configured(**AZURE)
    by_url = configured(
        DATABASE_URL="mssql://desk:p%40ss%2Fword%3B%7B%7D@desk.database.windows.net:1433/aiops"
    )
    assert by_variables == by_url
    assert by_url["ENGINE"] == "aiops.backends.mssql"
    assert by_url["OPTIONS"]["python_driver"] == "mssql_python"
    told = connection_string(by_url)
    assert told == (
        "SERVER=desk.database.windows.net,1433;UID=desk;PWD={p@ss/word;{}}};DATABASE=aiops;Encrypt=yes"
    )


@pytest.mark.parametrize(
    ("how", "more", "expected"),
    [
        ("ActiveDirectoryMSI", {}, "Authentication=ActiveDirectoryMSI"),
        ("activedirectorydefault", {}, "Authentication=ActiveDirectoryDefault"),
        (
            "ActiveDirectoryServicePrincipal",
            {"AZURE_SQL_USERNAME": "client-id", "AZURE_SQL_PASSWORD": "client-secret"},
            "Authentication=ActiveDirectoryServicePrincipal",
        ),
    ],
)
def test_entra_sign_in_is_told_to_the_driver(
    configured: Any, how: str, more: dict[str, str], expected: str
) -> None:
    place = {name: AZURE[name] for name in ("DB_TYPE", "AZURE_SQL_SERVER", "AZURE_SQL_DATABASE")}
    told = connection_string(configured(**place, AZURE_SQL_AUTHENTICATION=how, **more))
    assert expected in told.split(";")
    assert "Encrypt=yes" in told.split(";")
    assert ("PWD=client-secret" in told) is bool(more)
    assert "Trusted_Connection" not in told


@pytest.mark.parametrize(
    ("variables", "name"),
    [
        ({**AZURE, "AZURE_SQL_PASSWORD": ""}, "AZURE_SQL_PASSWORD"),
        ({**AZURE, "AZURE_SQL_AUTHENTICATION": "kerberos"}, "AZURE_SQL_AUTHENTICATION"),
        ({"DATABASE_URL": "mssql://a:b@host:1433/x?Encrypt=no"}, "DATABASE_URL"),
        ({"DATABASE_URL": "mssql://a:b@host:1433/x?UID=other"}, "DATABASE_URL"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(
    configured: Any, variables: dict[str, str], name: str
) -> None:
    with pytest.raises(env.EnvironmentValueError, match=f"^{name}: expected"):
        configured(**variables)


@pytest.mark.parametrize("number", [40613, 40197, 40501, 49918, 49919, 49920, 10928, 1205])
def test_transient_error_is_known_by_number_or_by_words(number: int) -> None:
    assert is_transient(
        f"('HY000', '[HY000] [Microsoft][ODBC Driver 18 for SQL Server] ({number}) (SQLDriverConnect)')"
    )
    assert is_transient(f"Driver Error: General error; DDBC Error: [SQL Server]… {MESSAGES[number]} …")


@pytest.mark.parametrize(
    "message",
    [
        "Driver Error: Invalid authorization specification; DDBC Error: [SQL Server]Login failed for user 'desk'.",
        "Driver Error: Integrity constraint violation; DDBC Error: [SQL Server]Cannot insert duplicate key (140613).",
        "Ticket 40613 is missing",
    ],
)
def test_other_error_is_not_taken_for_a_transient_one(message: str) -> None:
    assert not is_transient(message)


def test_connection_is_tried_again_when_the_database_is_moving(
    configured: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mssql import base as mssql_base  # noqa: PLC0415

    from aiops.backends.mssql import base  # noqa: PLC0415

    wrapper, calls = base.DatabaseWrapper(configured(**AZURE)), list[int]()

    def connect(self: object, parameters: object) -> str:
        calls.append(1)
        if len(calls) < 3:
            raise RuntimeError("DDBC Error: Database 'aiops' on server 'desk' is not currently available.")
        return "connected"

    monkeypatch.setattr(mssql_base.DatabaseWrapper, "get_new_connection", connect)
    monkeypatch.setattr(base, "CONNECT_PAUSES", (0.0, 0.0, 0.0))
    assert wrapper.get_new_connection({}) == "connected"
    assert len(calls) == 3
    calls.clear()

    def refuse(self: object, parameters: object) -> str:
        calls.append(1)
        raise RuntimeError("Login failed for user 'desk'.")

    monkeypatch.setattr(mssql_base.DatabaseWrapper, "get_new_connection", refuse)
    with pytest.raises(RuntimeError, match="Login failed"):
        wrapper.get_new_connection({})
    assert len(calls) == 1


def test_statement_refused_for_a_moment_is_an_operational_error(configured: Any) -> None:
    from aiops.backends.mssql.base import DatabaseWrapper  # noqa: PLC0415

    driver = ModuleType("driver")
    driver.DatabaseError = type("DatabaseError", (Exception,), {})  # type: ignore[attr-defined]
    driver.OperationalError = type("OperationalError", (driver.DatabaseError,), {})  # type: ignore[attr-defined]
    driver.ProgrammingError = type("ProgrammingError", (driver.DatabaseError,), {})  # type: ignore[attr-defined]
    wrapper = DatabaseWrapper(configured(**AZURE))
    wrapper.Database, wrapper._use_python_driver = driver, True

    def fail(message: str) -> Any:
        raise driver.ProgrammingError(message)

    with pytest.raises(driver.OperationalError):
        wrapper.told_as_transient(
            lambda: fail("[SQL Server]The service is currently busy. Retry in 10 seconds.")
        )
    with pytest.raises(driver.ProgrammingError):
        wrapper.told_as_transient(lambda: fail("[SQL Server]Invalid object name 'x'."))


# --- What is said to the server ---------------------------------------------------------------------------


class EmptyCatalogue:
    """A cursor for the questions that a schema editor asks of the catalogue; nothing else may be sent."""

    def __enter__(self) -> EmptyCatalogue:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def execute(self, sql: str, params: object = ()) -> EmptyCatalogue:
        if not re.search(r"FROM\s+\[?(sys|INFORMATION_SCHEMA)\]?\.", sql):
            pytest.fail(f"sent and not collected: {sql}")
        return self

    def fetchall(self) -> list[object]:
        return []

    def fetchone(self) -> None:
        return None


@pytest.fixture
def wrapper(configured: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A connection that has never been made, to an Azure SQL database of which all is known that may be asked."""
    from aiops.backends.mssql.base import DatabaseWrapper  # noqa: PLC0415

    wrapper = DatabaseWrapper({**_defaults(), **configured(**AZURE)}, alias="default")
    monkeypatch.setitem(wrapper.__dict__, "sql_server_version", 2022)
    monkeypatch.setitem(wrapper.__dict__, "to_azure_sql_db", True)
    monkeypatch.setattr(wrapper, "connect", lambda: pytest.fail("a server was asked for"))
    monkeypatch.setattr(wrapper, "cursor", EmptyCatalogue)
    return wrapper


@pytest.fixture
def statements(wrapper: Any) -> dict[str, list[str]]:
    """Every migration's statements, by its name, from the empty database on."""
    loader = MigrationLoader(None)
    state = loader.project_state(())
    found: dict[str, list[str]] = {}
    plan = [
        loader.graph.nodes[node]
        for leaf in loader.graph.leaf_nodes()
        for node in loader.graph.forwards_plan(leaf)
    ]
    for migration in dict.fromkeys(plan):
        with wrapper.schema_editor(collect_sql=True, atomic=False) as editor:
            state = migration.apply(state, editor, collect_sql=True)
        found[f"{migration.app_label}.{migration.name}"] = [str(line) for line in editor.collected_sql]
    return found


def _defaults() -> dict[str, Any]:
    return {
        "TIME_ZONE": None,
        "AUTOCOMMIT": True,
        "ATOMIC_REQUESTS": False,
        "CONN_HEALTH_CHECKS": False,
        "TEST": {},
    }


def faults(statement: str) -> list[str]:
    """Where the statement is not T-SQL."""
    parser = sqlfluff.Linter(config=sqlfluff.FluffConfig(overrides={"dialect": "tsql"}))
    return [str(fault.desc()) for fault in parser.parse_string(statement).violations]


def test_every_migration_makes_statements_that_are_t_sql(statements: dict[str, list[str]]) -> None:
    ours = {app.label for app in apps.get_app_configs() if str(app.name) in {
        "accounts", "audit", "tickets", "integrations", "rca", "remediation", "ingestion"
    }}  # fmt: skip
    tables = {
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label in ours
    }
    told = [line for lines in statements.values() for line in lines if not line.startswith("--")]
    created = set(re.findall(r"CREATE TABLE \[(\w+)\]", "\n".join(told)))
    assert tables <= created
    assert [line for line in told if re.search(r"::|\bSERIAL\b|\bLIMIT\b|jsonb|trgm", line)] == []
    assert [fault for line in told for fault in faults(line)] == []


LARGEST_INDEX_KEY = 1700  # bytes, nonclustered: "Maximum capacity specifications for SQL Server"
LARGEST_PRIMARY_KEY = 900  # bytes, clustered
WIDTHS = {"bigint": 8, "int": 4, "bit": 1, "datetimeoffset": 10, "date": 3, "smallint": 2}


def width(model: type[Model], name: str, wrapper: Any) -> int:
    """Bytes that a field takes in a key; nvarchar(max) may not be in one at all."""
    field: Any = model._meta.get_field(name)
    kind = str(field.db_parameters(connection=wrapper)["type"]).split(" ")[0]
    if sized := re.fullmatch(r"(n?)(?:var)?char\((\w+)\)", kind):
        return 10**6 if sized[2] == "max" else int(sized[2]) * (2 if sized[1] else 1)
    return WIDTHS.get(kind, 16)


def keys_of(model: type[Model]) -> Iterator[tuple[str, ...]]:
    meta = model._meta
    yield from (
        tuple(index.fields_orders[i][0] for i in range(len(index.fields_orders))) for index in meta.indexes
    )
    yield from (tuple(rule.fields) for rule in meta.constraints if isinstance(rule, UniqueConstraint))
    yield from (tuple(names) for names in meta.unique_together)
    fields: list[Any] = list(meta.local_fields)
    yield from ((field.name,) for field in fields if field.unique or field.db_index)


def test_every_key_and_index_fits_what_sql_server_allows(wrapper: Any) -> None:
    sizes = {
        (model._meta.label, names): sum(width(model, name, wrapper) for name in names)
        for model in apps.get_models(include_auto_created=True)
        for names in keys_of(model)
        if names
    }
    assert len(sizes) > 60
    assert {key: size for key, size in sizes.items() if size > LARGEST_INDEX_KEY} == {}
    primary = {
        model._meta.label: width(model, model._meta.pk.name, wrapper)
        for model in apps.get_models(include_auto_created=True)
    }
    assert {label: size for label, size in primary.items() if size > LARGEST_PRIMARY_KEY} == {}


@pytest.mark.parametrize("statement", [*sqlserver.INSTALL, *sqlserver.REMOVE, sqlserver.PRESENT])
def test_statement_of_the_audit_triggers_is_t_sql(statement: str) -> None:
    assert faults(statement) == []


@pytest.mark.parametrize("statement", [alone.TAKE_ON_SQL_SERVER, alone.RELEASE_ON_SQL_SERVER])
def test_statement_of_the_migration_lock_is_t_sql(statement: str) -> None:
    assert faults(statement.replace("%s", "1")) == []


@pytest.mark.parametrize(
    "wrong",
    [
        "CREATE TRIGGER [x] ON [t] AFTER UPDATE AS BEGIN SELECT 1",
        "DROP TABLE IF [x]",
        "SELECT 1 FROM [t] LIMIT 1",
    ],
)
def test_parser_sees_what_is_wrong(wrong: str) -> None:
    assert faults(wrong)
