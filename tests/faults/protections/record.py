"""The audit record and the counters."""

from __future__ import annotations

from tests.faults.protections.kind import POSTGRES, Protection

PROTECTIONS = (
    Protection(
        "the triggers of the audit tables",
        "audit/test_append_only.py", "audit/triggers/sqlite.py", 'f"NOT ({_IS_ERASURE})"', '"0"',
    ),
    Protection(
        "an entry is compared with the leaf of its seal",
        "audit/test_tampering.py", "audit/rows.py", "def leaf(self) -> bytes:",
        'def leaf(self) -> bytes:\n        return b"0" * 32\n\n    def other(self) -> bytes:',
    ),
    Protection(
        "a birth is counted",
        "tickets/test_counters.py::test_every_kind_of_change_keeps_the_counters_equal_to_the_tickets",
        "tickets/services/opening.py", "    counter_store.opened(ticket)\n",
    ),
    Protection(
        "the look at how many rows a folder took",
        "tickets/test_counters.py::test_several_folders_and_writers_at_once_lose_and_double_nothing",
        "tickets/counter_store.py", "        if taken != len(waiting):", "        if False:", POSTGRES,
    ),
)  # fmt: skip
