"""Settings, urls, asgi, celery and checks: the only place that may know every app."""

from aiops.celery import app as celery_app

__all__ = ["celery_app"]
