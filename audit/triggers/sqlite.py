"""Triggers for SQLite."""

from __future__ import annotations

from audit.triggers.tables import BLANKED_COLUMNS, CLOSED, ENTRY, ERASURE, FIXED_COLUMNS, PRUNING, SEAL


def _trigger(name: str, event: str, table: str, condition: str, message: str) -> str:
    when = f" WHEN {condition}" if condition else ""
    return (
        f'CREATE TRIGGER "{name}" BEFORE {event} ON "{table}" FOR EACH ROW{when} '
        f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
    )


_IS_ERASURE = " AND ".join(
    [
        *(f'NEW."{column}" IS OLD."{column}"' for column in FIXED_COLUMNS),
        *(f"NEW.\"{column}\" = ''" for column in BLANKED_COLUMNS),
        "NEW.\"details\" = '{}'",
        f'EXISTS (SELECT 1 FROM "{ERASURE}" WHERE "entry_id" = OLD."id")',
    ]
)
_IS_PRUNED = f'EXISTS (SELECT 1 FROM "{PRUNING}" WHERE OLD."id" <= "last_id")'
_ENDS_A_SEAL = (
    f'EXISTS (SELECT 1 FROM "{SEAL}" WHERE "number" = NEW."last_seal" AND "last_id" = NEW."last_id")'
)

_TRIGGERS = {
    f"{ENTRY}_no_update": ("UPDATE", ENTRY, f"NOT ({_IS_ERASURE})", "audit entries are never changed"),
    f"{ENTRY}_no_delete": ("DELETE", ENTRY, f"NOT {_IS_PRUNED}", "audit entries are never deleted"),
    f"{PRUNING}_needs_seal": (
        "INSERT",
        PRUNING,
        f"NOT {_ENDS_A_SEAL}",
        "a pruning must end with a seal",
    ),
}
for _table in CLOSED:
    _TRIGGERS[f"{_table}_no_update"] = ("UPDATE", _table, "", "audit seals and tombstones are never changed")
    _TRIGGERS[f"{_table}_no_delete"] = ("DELETE", _table, "", "audit seals and tombstones are never deleted")
for _table, _key in ((ENTRY, "id"), (SEAL, "number"), (PRUNING, "last_seal"), (ERASURE, "entry_id")):
    # INSERT OR REPLACE deletes the old row without firing its delete trigger.
    _TRIGGERS[f"{_table}_no_replace"] = (
        "INSERT",
        _table,
        f'EXISTS (SELECT 1 FROM "{_table}" WHERE "{_key}" = NEW."{_key}")',
        "UNIQUE constraint failed: an audit row is never replaced",
    )

NAMES = tuple(_TRIGGERS)
INSTALL = tuple(_trigger(name, *rest) for name, rest in _TRIGGERS.items())
REMOVE = tuple(f'DROP TRIGGER IF EXISTS "{name}"' for name in NAMES)
PRESENT = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
