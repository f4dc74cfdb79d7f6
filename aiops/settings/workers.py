"""Redis, Celery and Channels: one process on its own, or several beside a broker."""

from __future__ import annotations

from kombu.entity import Exchange, Queue

from aiops import env

REDIS_URL = env.url("REDIS_URL", schemes=("redis", "rediss", "unix"))
EMBEDDED = not REDIS_URL

# Longer than the longest task: a message comes back only when its worker is dead. The row's lease, which is much
# shorter, has brought the work back by then.
VISIBILITY_SECONDS = 4500
CELERY_BROKER_URL = REDIS_URL or "memory://"
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_BROKER_TRANSPORT_OPTIONS = (
    # kombu's own default of one poll a second would make the embedded worker useless
    {"polling_interval": 0.02}
    if EMBEDDED
    else {"visibility_timeout": VISIBILITY_SECONDS, "socket_connect_timeout": 2, "socket_keepalive": True}
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker outlives its broker, however long that is away
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_TASK_PUBLISH_RETRY = False  # a lost wake-up is found by the sweep; a web process must not wait for it
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CONCURRENCY = env.integer("WORKER_CONCURRENCY", 4, minimum=1, maximum=256)
CELERY_TASK_DEFAULT_QUEUE = "aiops"
# What people wait for, the SLA clock, a queue per vendor, and what may be slow. Every worker serves all of them
# unless it is told which, so that none can be forgotten.
QUEUES = (
    "aiops", "aiops.clock", "aiops.jira", "aiops.slack", "aiops.blob", "aiops.escalation", "aiops.remediation",
    "aiops.slow",
)  # fmt: skip
WORKER_QUEUES = env.words("WORKER_QUEUES", QUEUES, options=QUEUES)
if "aiops" in WORKER_QUEUES and "aiops.clock" not in WORKER_QUEUES:
    WORKER_QUEUES = (*WORKER_QUEUES, "aiops.clock")  # who works for people looks at the clock, too
# Each with an exchange of its own: on Celery's shared default one every queue would get every message.
CELERY_TASK_QUEUES = [
    Queue(name, Exchange(name), routing_key=name)  # type: ignore[no-untyped-call]
    for name in WORKER_QUEUES
]
CELERY_TASK_ROUTES = {
    name: {"queue": "aiops.slow"}
    for name in (
        "accounts.trim",
        "audit.seal",
        "audit.settle_counts",
        "audit.verify",
        "ingestion.apply_retention",
        "ingestion.reconcile",
        "integrations.plan_digests",
        "integrations.reconcile_jira",
        "integrations.send_broadcasts",
        "integrations.trim_inbound_calls",
        "rca.collect_late_evidence",
        "rca.settle_questions",
        "tickets.fill_search_index",
        "tickets.trim_live_events",
    )
} | {
    # Behind no ticket: a storm must stop neither the clock nor those who look for what was forgotten.
    name: {"queue": "aiops.clock"}
    for name in ("ingestion.sweep", "tickets.watch_sla")
}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"  # every periodic task reads its truth from the database

CHANNEL_LAYERS = {
    "default": (
        {"BACKEND": "channels.layers.InMemoryChannelLayer"}
        if EMBEDDED
        else {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [REDIS_URL], "prefix": "aiops"},
        }
    )
}
