"""Names that the triggers of all vendors share."""

from __future__ import annotations

ENTRY = "audit_auditentry"
SEAL = "audit_auditseal"
PRUNING = "audit_auditpruning"
ERASURE = "audit_auditerasure"

FIXED_COLUMNS = (
    "id",
    "created_at",
    "action",
    "ticket_key",
    "pipeline",
    "run_id",
    "actor_kind",
    "request_id",
    "personal_digest",
)
BLANKED_COLUMNS = ("actor", "actor_employee_id", "summary", "remote_address", "salt")
CLOSED = (SEAL, PRUNING, ERASURE)
"""Tables without any door."""
