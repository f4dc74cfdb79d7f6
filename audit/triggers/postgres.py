"""Triggers for PostgreSQL, TRUNCATE included."""

from __future__ import annotations

from audit.triggers.tables import BLANKED_COLUMNS, CLOSED, ENTRY, ERASURE, FIXED_COLUMNS, PRUNING, SEAL

_REFUSE = "audit_refuse_change"
_GUARD = "audit_guard_entry"
_PRUNING = "audit_check_pruning"

_SAME = " AND ".join(f'NEW."{column}" IS NOT DISTINCT FROM OLD."{column}"' for column in FIXED_COLUMNS)
_BLANK = " AND ".join(f"NEW.\"{column}\" = ''" for column in BLANKED_COLUMNS)

_FUNCTIONS = {
    _REFUSE: f"""
CREATE OR REPLACE FUNCTION {_REFUSE}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed or deleted', TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$""",
    _GUARD: f"""
CREATE OR REPLACE FUNCTION {_GUARD}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF EXISTS (SELECT 1 FROM "{PRUNING}" WHERE OLD."id" <= "last_id") THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'audit entries are never deleted' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF {_SAME}
        AND {_BLANK}
        AND NEW."details" = '{{}}'::jsonb
        AND EXISTS (SELECT 1 FROM "{ERASURE}" WHERE "entry_id" = OLD."id")
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'audit entries are never changed' USING ERRCODE = 'insufficient_privilege';
END $$""",
    _PRUNING: f"""
CREATE OR REPLACE FUNCTION {_PRUNING}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM "{SEAL}" WHERE "number" = NEW."last_seal" AND "last_id" = NEW."last_id") THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a pruning must end with a seal' USING ERRCODE = 'check_violation';
END $$""",
}

_TRIGGERS = {
    f"{ENTRY}_guard": ("BEFORE UPDATE OR DELETE", ENTRY, "ROW", _GUARD),
    f"{PRUNING}_needs_seal": ("BEFORE INSERT", PRUNING, "ROW", _PRUNING),
}
for _table in CLOSED:
    _TRIGGERS[f"{_table}_refuse"] = ("BEFORE UPDATE OR DELETE", _table, "ROW", _REFUSE)
for _table in (ENTRY, *CLOSED):
    _TRIGGERS[f"{_table}_no_truncate"] = ("BEFORE TRUNCATE", _table, "STATEMENT", _REFUSE)

NAMES = tuple(_TRIGGERS)
INSTALL = (
    *_FUNCTIONS.values(),
    *(
        statement
        for name, (event, table, level, function) in _TRIGGERS.items()
        for statement in (
            f'CREATE TRIGGER "{name}" {event} ON "{table}" FOR EACH {level} EXECUTE FUNCTION {function}()',
            # Also under `session_replication_role = replica`, the usual way past a trigger.
            f'ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER "{name}"',
        )
    ),
)
REMOVE = (
    *(f'DROP TRIGGER IF EXISTS "{name}" ON "{table}"' for name, (_, table, _, _) in _TRIGGERS.items()),
    *(f"DROP FUNCTION IF EXISTS {function}()" for function in _FUNCTIONS),
)
PRESENT = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'A'"
