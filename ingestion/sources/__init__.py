"""The registry of sources, discovered by name: every module here that exports `SOURCE`."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from django.core.exceptions import ImproperlyConfigured

from ingestion.sources.base import SourceSpec


@cache
def registry() -> dict[str, SourceSpec]:
    """All sources by slug, in alphabetical order of their modules."""
    found: dict[str, SourceSpec] = {}
    for module in pkgutil.iter_modules(__path__):
        spec = getattr(importlib.import_module(f"{__name__}.{module.name}"), "SOURCE", None)
        if isinstance(spec, SourceSpec):
            if spec.slug in found or spec.path in {other.path for other in found.values()}:
                raise ImproperlyConfigured(f"ingestion/sources/{module.name}.py: slug or path is taken.")
            found[spec.slug] = spec
    return found
