"""The providers by name. Each factory imports its module on first use: a model's SDK costs seconds and memory."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from functools import cache

from django.conf import settings

from rca.case import Provider, TracedProvider
from rca.providers.gemini.config import has_key

_FACTORIES: dict[str, tuple[str, str]] = {
    "rules": ("rca.providers.rules", "RulesProvider"),
    "gemini": ("rca.providers.gemini.legacy_sdk", "make_provider"),
    "google-genai": ("rca.providers.gemini.genai_sdk", "make_provider"),
}
_IS_CONFIGURED: dict[str, Callable[[], bool]] = {
    "rules": lambda: True,
    "gemini": has_key,
    "google-genai": has_key,
}


def names() -> tuple[str, ...]:
    return tuple(_FACTORIES)


def is_configured(name: str) -> bool:
    """Whether the provider exists and has what it needs (a key)."""
    check = _IS_CONFIGURED.get(name)
    return check is not None and check()


@cache
def get_provider(name: str) -> Provider:
    """The provider called `name`; raises LookupError naming the ones there are."""
    if name not in _FACTORIES:
        raise LookupError(f"There is no provider {name!r}; expected one of {', '.join(_FACTORIES)}.")
    module, factory = _FACTORIES[name]
    provider: Provider = getattr(importlib.import_module(module), factory)()
    return provider


def models_in_order() -> list[TracedProvider]:
    """The configured providers of `RCA_PROVIDERS` that stand before the rules, which always answer."""
    models: list[TracedProvider] = []
    for name in dict.fromkeys(settings.RCA_PROVIDERS):
        if name == "rules":
            break
        if is_configured(name) and isinstance(provider := get_provider(name), TracedProvider):
            models.append(provider)
    return models


def warm_up() -> None:
    """Import what the models need, in the background: the first ticket should not wait for a module."""
    threading.Thread(target=models_in_order, name="rca-warm-up", daemon=True).start()
