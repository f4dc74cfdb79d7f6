"""The product's settings with the references' addresses; same database, same middleware."""

from aiops.settings import *  # noqa: F403

ROOT_URLCONF = "bench.references.urls"
