"""The audit trail and how long things are kept."""

from __future__ import annotations

from aiops import env
from audit.signing import SigningKeyError, private_key, public_key

# --- The audit trail ----------------------------------------------------------------------------------------
AUDIT_SIGNING_KEY = env.text("AUDIT_SIGNING_KEY")
AUDIT_TRUSTED_KEYS = env.words("AUDIT_TRUSTED_KEYS")
try:
    if AUDIT_SIGNING_KEY:
        private_key(AUDIT_SIGNING_KEY)
except SigningKeyError as error:
    raise env.EnvironmentValueError("AUDIT_SIGNING_KEY", str(error)) from None
try:
    for _key in AUDIT_TRUSTED_KEYS:
        public_key(_key)
except SigningKeyError as error:
    raise env.EnvironmentValueError("AUDIT_TRUSTED_KEYS", f"a comma-separated list, each {error}") from None
AUDIT_SEAL_DIR = env.text("AUDIT_SEAL_DIR")
AUDIT_RETENTION_DAYS = env.integer("AUDIT_RETENTION_DAYS", 0, maximum=36_500)

# --- Retention in days; 0 keeps for ever --------------------------------------------------------------------
TICKET_RETENTION_DAYS = env.integer("TICKET_RETENTION_DAYS", 0, maximum=36_500)
EVENT_RETENTION_DAYS = env.integer("EVENT_RETENTION_DAYS", 0, maximum=36_500)
RAW_PAYLOAD_RETENTION_DAYS = env.integer("RAW_PAYLOAD_RETENTION_DAYS", 0, maximum=36_500)
EVIDENCE_RETENTION_DAYS = env.integer("EVIDENCE_RETENTION_DAYS", 0, maximum=36_500)
