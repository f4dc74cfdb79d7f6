"""How a ticket is reckoned, and who is told: tags, SLA, digests, escalation, showback."""

from __future__ import annotations

from urllib.parse import urlsplit

from aiops import env
from aiops.settings.base import PUBLIC_BASE_URL

# --- FinOps tags: read from a resource's name, first match wins (contract, section 11) ----------------------
FINOPS_TEAM_PATTERNS = (r"^(?!(?:owner|cc)_)(?P<value>[A-Za-z][A-Za-z0-9]*)_",)
FINOPS_OWNER_PATTERNS = (r"owner[-_](?P<value>[A-Za-z0-9._%+-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,})",)
FINOPS_COST_CENTER_PATTERNS = (r"(?:^|[^A-Za-z0-9])cc[-_](?P<value>[A-Za-z]+-?[0-9]+)",)

# --- SLA in seconds from the first second to acknowledgement ------------------------------------------------
SLA_SECONDS = {
    "P1": env.integer("SLA_SECONDS_P1", 900, minimum=1),
    "P2": env.integer("SLA_SECONDS_P2", 1800, minimum=1),
    "P3": env.integer("SLA_SECONDS_P3", 7200, minimum=1),
    "P4": env.integer("SLA_SECONDS_P4", 86_400, minimum=1),
}

# The same pipeline failing again so soon after its ticket was acknowledged: a new ticket linked to it, or the
# same one reopened. 0: every run for itself.
FLAP_MINUTES = env.integer("FLAP_MINUTES", 60, maximum=10_080)
FLAP_ACTION = env.choice("FLAP_ACTION", "link", ("link", "reopen"))

# --- Digests, escalation, e-mail ----------------------------------------------------------------------------
DIGESTS = env.words("DIGESTS", ("daily", "weekly"), options=("daily", "weekly", "none"))
DIGEST_HOUR = env.integer("DIGEST_HOUR", 7, maximum=23)
DIGEST_TIME_ZONE = env.time_zone("DIGEST_TIME_ZONE", "UTC")
DIGEST_EMAILS = env.words("DIGEST_EMAILS")
ESCALATION_SIGNING_SECRET = env.text("ESCALATION_SIGNING_SECRET")
ESCALATION_WEBHOOK_HOSTS = env.words("ESCALATION_WEBHOOK_HOSTS")  # beyond the public ones
EMAIL_HOST = env.text("EMAIL_HOST")  # empty: no mail is sent
EMAIL_PORT = env.integer("EMAIL_PORT", 587, minimum=1, maximum=65_535)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
EMAIL_SECURITY = env.choice("EMAIL_SECURITY", "starttls", ("starttls", "tls", "none"))
EMAIL_USE_TLS = EMAIL_SECURITY == "starttls"
EMAIL_USE_SSL = EMAIL_SECURITY == "tls"
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", f"aiops-desk@{urlsplit(PUBLIC_BASE_URL).hostname or 'localhost'}")

# --- Showback: what a failure costs -------------------------------------------------------------------------
SHOWBACK_COST_PER_FAILURE = env.amount("SHOWBACK_COST_PER_FAILURE", 0)
SHOWBACK_COST_PER_HOUR = env.amount("SHOWBACK_COST_PER_HOUR", 0)
SHOWBACK_CURRENCY = env.text("SHOWBACK_CURRENCY", "EUR")
