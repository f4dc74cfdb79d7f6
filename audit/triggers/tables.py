"""Names that the triggers of all vendors share."""

from __future__ import annotations

from audit.canonical import SEALED_FIELDS

ENTRY = "audit_auditentry"
SEAL = "audit_auditseal"
PRUNING = "audit_auditpruning"
ERASURE = "audit_auditerasure"

FIXED_COLUMNS = SEALED_FIELDS
BLANKED_COLUMNS = ("actor", "actor_employee_id", "summary", "remote_address", "salt")
CLOSED = (SEAL, PRUNING, ERASURE)
"""Tables without any door."""
