"""Triggers for SQL Server and Azure SQL.

No trigger stands on INSERT into entries: Django's INSERT … OUTPUT is refused on a table that has one. TRUNCATE
fires no trigger there; it is refused on a table that a foreign key points to, so an empty table points to each.
"""

from __future__ import annotations

from audit.triggers.tables import BLANKED_COLUMNS, CLOSED, ENTRY, ERASURE, FIXED_COLUMNS, PRUNING, SEAL

_KEYS = {ENTRY: "id", SEAL: "number", PRUNING: "last_seal", ERASURE: "entry_id"}
_BINARY = "Latin1_General_100_BIN2"  # the column's own collation may not tell upper from lower case
_TEXT = tuple(column for column in FIXED_COLUMNS if column not in {"id", "created_at"})

_UNCHANGED = " AND ".join(
    [
        "i.[created_at] = d.[created_at]",
        *(f"i.[{column}] COLLATE {_BINARY} = d.[{column}] COLLATE {_BINARY}" for column in _TEXT),
        *(f"DATALENGTH(i.[{column}]) = DATALENGTH(d.[{column}])" for column in _TEXT),
        *(f"DATALENGTH(i.[{column}]) = 0" for column in BLANKED_COLUMNS),
        "i.[details] = N'{}'",
    ]
)

_TRIGGERS = {
    f"{ENTRY}_no_update": f"""
CREATE TRIGGER [{ENTRY}_no_update] ON [{ENTRY}] AFTER UPDATE AS
BEGIN
    SET NOCOUNT ON;
    IF EXISTS (
        SELECT 1 FROM deleted AS d
        WHERE NOT EXISTS (
            SELECT 1 FROM inserted AS i
            JOIN [{ERASURE}] AS e ON e.[entry_id] = i.[id]
            WHERE i.[id] = d.[id] AND {_UNCHANGED}
        )
    )
    BEGIN
        ROLLBACK TRANSACTION;
        THROW 51001, N'audit entries are never changed', 1;
    END
END""",
    f"{ENTRY}_no_delete": f"""
CREATE TRIGGER [{ENTRY}_no_delete] ON [{ENTRY}] AFTER DELETE AS
BEGIN
    SET NOCOUNT ON;
    IF EXISTS (
        SELECT 1 FROM deleted AS d
        WHERE NOT EXISTS (SELECT 1 FROM [{PRUNING}] AS p WHERE d.[id] <= p.[last_id])
    )
    BEGIN
        ROLLBACK TRANSACTION;
        THROW 51002, N'audit entries are never deleted', 1;
    END
END""",
    f"{PRUNING}_needs_seal": f"""
CREATE TRIGGER [{PRUNING}_needs_seal] ON [{PRUNING}] AFTER INSERT AS
BEGIN
    SET NOCOUNT ON;
    IF EXISTS (
        SELECT 1 FROM inserted AS i
        WHERE NOT EXISTS (
            SELECT 1 FROM [{SEAL}] AS s WHERE s.[number] = i.[last_seal] AND s.[last_id] = i.[last_id]
        )
    )
    BEGIN
        ROLLBACK TRANSACTION;
        THROW 51003, N'a pruning must end with a seal', 1;
    END
END""",
}
for _table in CLOSED:
    _TRIGGERS[f"{_table}_refuse"] = f"""
CREATE TRIGGER [{_table}_refuse] ON [{_table}] AFTER UPDATE, DELETE AS
BEGIN
    SET NOCOUNT ON;
    IF EXISTS (SELECT 1 FROM deleted)
    BEGIN
        ROLLBACK TRANSACTION;
        THROW 51004, N'audit seals and tombstones are never changed or deleted', 1;
    END
END"""

_GUARDS = {f"{table}_no_truncate": (table, key) for table, key in _KEYS.items()}

NAMES = (*_TRIGGERS, *_GUARDS)
INSTALL = (
    *(statement.strip() for statement in _TRIGGERS.values()),
    *(
        f"CREATE TABLE [{guard}] ([row] bigint NULL REFERENCES [{table}] ([{key}]))"
        for guard, (table, key) in _GUARDS.items()
    ),
)
REMOVE = (
    *(f"DROP TRIGGER IF EXISTS [{name}]" for name in _TRIGGERS),
    *(f"DROP TABLE IF EXISTS [{guard}]" for guard in _GUARDS),
)
PRESENT = "SELECT name FROM sys.triggers WHERE is_disabled = 0 UNION ALL SELECT name FROM sys.tables"
