"""Is each outside service there, and if not, what to change: the register that every vendor adds itself to.

A vendor's package in `integrations` has a module `check` that calls `register`. An app above this one (the model
behind the analysis) has a module `vendor_checks` that does the same.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import Literal

from django.utils.module_loading import autodiscover_modules

import integrations
from integrations.errors import IntegrationError, NotConfiguredError

State = Literal["ok", "failed", "not_configured"]
Check = Callable[[], str]
logger = logging.getLogger(__name__)
_registered: dict[str, Check] = {}


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found. `detail` says what was reached or what went wrong, `advice` what to change."""

    name: str
    state: State
    detail: str
    advice: str = ""


def register(name: str, check: Check) -> None:
    """Add a check. It returns a sentence on what it reached, and raises IntegrationError when it did not.

    It must change nothing at the vendor, and take less than 30 seconds. The same name replaces the former.
    """
    _registered[name] = check


def check_all(names: Iterable[str] = ()) -> list[CheckResult]:
    """Run every registered check, or those of the given names, in the order of their names.

    Raises ValueError for a name that is not registered.
    """
    discover()
    wanted = set(names) or set(_registered)
    if unknown := wanted - set(_registered):
        raise ValueError(
            f"no such check: {', '.join(sorted(unknown))}; known: {', '.join(sorted(_registered))}"
        )
    return [run_check(name, _registered[name]) for name in sorted(wanted)]


def run_check(name: str, check: Check) -> CheckResult:
    """Run one check; every way in which it can end becomes a result."""
    try:
        return CheckResult(name, "ok", check())
    except NotConfiguredError as error:
        return CheckResult(name, "not_configured", str(error), error.advice)
    except IntegrationError as error:
        return CheckResult(name, "failed", str(error), error.advice)
    except Exception as error:  # a bug in one check must not hide what the others found
        logger.warning("The check of %s broke", name, exc_info=True)
        return CheckResult(name, "failed", f"the check itself broke: {type(error).__name__}", "See the log.")


def discover() -> None:
    """Import every module that registers a check."""
    for module in iter_modules(integrations.__path__, "integrations."):
        if module.ispkg and find_spec(f"{module.name}.check"):
            import_module(f"{module.name}.check")
    autodiscover_modules("vendor_checks")
