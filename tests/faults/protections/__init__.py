"""What protects each promise, as text that can be taken out, and the test that must miss it.

`make proof-of-proofs` takes each out in a copy of the tree and runs the test, which has to fail. `test_promises.py`
holds the table to the source: each `old` is found exactly once in its file.
"""

from __future__ import annotations

from tests.faults.protections import kept_work, neighbours, record, strangers
from tests.faults.protections.kind import POSTGRES, Protection

__all__ = ["POSTGRES", "PROTECTIONS", "Protection"]

PROTECTIONS = (
    *kept_work.PROTECTIONS,
    *neighbours.PROTECTIONS,
    *strangers.PROTECTIONS,
    *record.PROTECTIONS,
)
