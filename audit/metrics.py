"""Prometheus: the registry of what an app reads from the database at each scrape.

Apart from the default registry: that one holds what a process counted itself and never asks the database.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry

database_registry = CollectorRegistry()
