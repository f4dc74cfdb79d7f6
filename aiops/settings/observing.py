"""Metrics, traces and logs."""

from __future__ import annotations

from aiops import env

METRICS_TOKEN = env.text("METRICS_TOKEN")
WORKER_METRICS_HOST = env.text("WORKER_METRICS_HOST", "127.0.0.1")
# 0: off; each worker needs its own.
WORKER_METRICS_PORT = env.integer("WORKER_METRICS_PORT", 0, maximum=65_535)
OTEL_ENDPOINT = env.url("OTEL_EXPORTER_OTLP_ENDPOINT")
LOG_LEVEL = env.choice("LOG_LEVEL", "info", ("debug", "info", "warning", "error")).upper()
LOG_FORMAT = env.choice("LOG_FORMAT", "text", ("text", "json"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {"()": "audit.logs.TextFormatter"},
        "json": {"()": "audit.logs.JsonFormatter"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        # Daphne's access log prints whole query strings, and ours may carry ?api_key=
        "django.channels.server": {"level": "WARNING"},
        "daphne": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},
        "azure": {"level": "WARNING"},
        "urllib3": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "httpx2": {"level": "WARNING"},
        "celery": {"level": "WARNING"},
        "kombu": {"level": "ERROR"},
    },
}
