"""Jira, Slack, Blob Storage, Databricks and Azure."""

from __future__ import annotations

from aiops import env

# --- Jira, Slack, Blob --------------------------------------------------------------------------------------
ITSM_TOOL = env.choice("ITSM_TOOL", "none", ("none", "jira"))
JIRA_DOMAIN = env.url("JIRA_DOMAIN").rstrip("/")
JIRA_USER_EMAIL = env.text("JIRA_USER_EMAIL")
JIRA_API_TOKEN = env.text("JIRA_API_TOKEN")
JIRA_PROJECT_KEY = env.text("JIRA_PROJECT_KEY")
JIRA_ISSUE_TYPE = env.text("JIRA_ISSUE_TYPE", "Task")
SLACK_BOT_TOKEN = env.text("SLACK_BOT_TOKEN")
SLACK_ALERT_CHANNEL = env.text("SLACK_ALERT_CHANNEL", "aiops-rca-alerts")
SLACK_API_URL = env.url("SLACK_API_URL", "https://slack.com/api/")
AZURE_BLOB_ENABLED = env.flag("AZURE_BLOB_ENABLED", default=False)
AZURE_STORAGE_CONN = env.text("AZURE_STORAGE_CONN")
AZURE_BLOB_CONTAINER_NAME = env.text("AZURE_BLOB_CONTAINER_NAME", "audit-logs")

# Per vendor, of all workers together.
DELIVERY_CONCURRENCY = env.integer("DELIVERY_CONCURRENCY", 2, minimum=1, maximum=64)

# --- Databricks, Azure --------------------------------------------------------------------------------------
DATABRICKS_HOST = env.host_url("DATABRICKS_HOST")
DATABRICKS_TOKEN = env.text("DATABRICKS_TOKEN")
DATABRICKS_WORKSPACE_ID = env.text("DATABRICKS_WORKSPACE_ID")
DATABRICKS_WORKSPACES_FILE = env.json_object_path("DATABRICKS_WORKSPACES_FILE")
AZURE_TENANT_ID = env.text("AZURE_TENANT_ID")
AZURE_CLIENT_ID = env.text("AZURE_CLIENT_ID")
AZURE_CLIENT_SECRET = env.text("AZURE_CLIENT_SECRET")
AZURE_MANAGEMENT_ENDPOINT = env.url("AZURE_MANAGEMENT_ENDPOINT", "https://management.azure.com").rstrip("/")
AZURE_SYNAPSE_ENDPOINT = env.url("AZURE_SYNAPSE_ENDPOINT", "https://{workspace}.dev.azuresynapse.net")
AZURE_AUTHORITY_HOST = env.url("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.com").rstrip("/")
AZURE_MANAGEMENT_TOKEN = env.text("AZURE_MANAGEMENT_TOKEN")
AZURE_SYNAPSE_TOKEN = env.text("AZURE_SYNAPSE_TOKEN")
RECONCILE_MINUTES = env.integer("RECONCILE_MINUTES", 10, minimum=0, maximum=1_440)  # 0: never
RECONCILE_HOURS = env.integer("RECONCILE_HOURS", 3, minimum=1, maximum=168)
RECONCILE_FACTORIES = env.words("RECONCILE_FACTORIES")  # ARM ids; empty: those that tickets came from
