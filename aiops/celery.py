"""The Celery application and its clock. The same tasks run embedded and on Redis; only the broker differs."""

from __future__ import annotations

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aiops.settings")

app = Celery("aiops", task_cls="aiops.patience:PatientTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

app.conf.beat_schedule = {
    "sweep-waiting-work": {"task": "ingestion.sweep", "schedule": 2.0, "options": {"expires": 10}},
    "sweep-deliveries": {"task": "integrations.deliver_waiting", "schedule": 2.0, "options": {"expires": 10}},
    "reconcile-jira": {"task": "integrations.reconcile_jira", "schedule": 180.0, "options": {"expires": 180}},
    "trim-inbound-calls": {
        "task": "integrations.trim_inbound_calls",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "settle-questions": {"task": "rca.settle_questions", "schedule": 2.0, "options": {"expires": 10}},
    "collect-late-evidence": {
        "task": "rca.collect_due_evidence",
        "schedule": 5.0,
        "options": {"expires": 10},
    },
    "sweep-remediation": {"task": "remediation.sweep", "schedule": 2.0, "options": {"expires": 10}},
    "reconcile": {"task": "ingestion.reconcile", "schedule": 10.0, "options": {"expires": 10}},
    "watch-sla": {"task": "tickets.watch_sla", "schedule": 5.0, "options": {"expires": 10}},
    "send-broadcasts": {"task": "integrations.send_broadcasts", "schedule": 5.0, "options": {"expires": 10}},
    "plan-digests": {"task": "integrations.plan_digests", "schedule": 60.0, "options": {"expires": 60}},
    "seal-audit": {"task": "audit.seal", "schedule": 60.0, "options": {"expires": 55}},
    "verify-audit": {"task": "audit.verify", "schedule": crontab(hour="3", minute="17")},
    "apply-retention": {"task": "ingestion.apply_retention", "schedule": crontab(hour="2", minute="7")},
    "trim-live-events": {"task": "tickets.trim_live_events", "schedule": 600.0, "options": {"expires": 600}},
    "fold-counters": {"task": "tickets.fold_counters", "schedule": 5.0, "options": {"expires": 10}},
    "fill-search-index": {"task": "tickets.fill_search_index", "schedule": 5.0, "options": {"expires": 10}},
    "settle-audit-counts": {"task": "audit.settle_counts", "schedule": 30.0, "options": {"expires": 60}},
    "trim-accounts": {"task": "accounts.trim", "schedule": 600.0, "options": {"expires": 600}},
}
