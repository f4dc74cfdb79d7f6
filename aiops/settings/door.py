"""What the door asks of an alert, and how much it takes."""

from __future__ import annotations

from aiops import env
from aiops.settings.base import LOCAL_SECRETS

RCA_API_KEY = env.text("RCA_API_KEY", LOCAL_SECRETS["RCA_API_KEY"])
WEBHOOK_AUTH = env.choice("WEBHOOK_AUTH", "on", ("on", "off"))
WEBHOOK_RATE_LIMIT = env.rate("WEBHOOK_RATE_LIMIT")  # alerts of one key, in each web process
WEBHOOK_FAILURE_LIMIT = env.rate("WEBHOOK_FAILURE_LIMIT") or (100, 60)  # bad credentials of one address
INGESTION_MAX_BODY_BYTES = env.integer("INGESTION_MAX_BODY_BYTES", 1024 * 1024, minimum=1024)
INGESTION_MAX_FAILURES_PER_BODY = env.integer("INGESTION_MAX_FAILURES_PER_BODY", 1000, minimum=1)
INGESTION_QUEUE_LIMIT = env.integer("INGESTION_QUEUE_LIMIT", 5000, minimum=1)
AZURE_WEBHOOK_AUDIENCE = env.text("AZURE_WEBHOOK_AUDIENCE")
AZURE_WEBHOOK_TENANT_ID = env.text("AZURE_WEBHOOK_TENANT_ID")
AZURE_WEBHOOK_JWKS_URL = env.url("AZURE_WEBHOOK_JWKS_URL")
JIRA_WEBHOOK_SECRET = env.text("JIRA_WEBHOOK_SECRET")
SLACK_SIGNING_SECRET = env.text("SLACK_SIGNING_SECRET")
AUTO_CLOSE_ON_RESOLVED = env.flag("AUTO_CLOSE_ON_RESOLVED", default=False)
