"""What is known about the record's integrity, as a word per entry and a line per page. Kept for some seconds."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.safestring import SafeString

from accounts.console.display import badge
from audit.integrity import IntegrityState, integrity_state
from audit.models import AuditSeal

KEPT_SECONDS = 10
_CACHE_NAME = "console:integrity"


@dataclass(frozen=True, slots=True)
class Integrity:
    """The state of the whole record, and up to which entry seals reach."""

    state: IntegrityState
    last_sealed: int

    def of_entry(self, entry_id: int) -> SafeString:
        """A broken record is broken for every entry: only `verify_audit` tells which one it was."""
        if self.state.verdict == "broken":
            return badge("does not verify", "critical", self.state.message)
        if entry_id > self.last_sealed:
            return badge("unsealed", "plain", "The next seal, within minutes, covers it.")
        if self.state.verdict == "whole":
            return badge("verified", "met", self.state.message)
        return badge("sealed", "low", self.state.message)


def integrity() -> Integrity:
    found: Integrity | None = cache.get(_CACHE_NAME)
    if found is None:
        last = AuditSeal.objects.order_by("-number").values_list("last_id", flat=True).first()
        found = Integrity(integrity_state(), last or 0)
        cache.set(_CACHE_NAME, found, KEPT_SECONDS)
    return found


def warn_when_broken(request: HttpRequest) -> None:
    """Red when the record is broken, amber when nobody has looked lately or seals do not leave the house."""
    state = integrity().state
    if state.verdict == "broken":
        messages.error(request, f"The audit trail does not verify. {state.message}")
    elif state.verdict == "overdue":
        messages.warning(request, state.message)
    for publisher, problem in state.publishing_problems.items():
        messages.warning(request, f"Seals are not published to {publisher}: {problem}")
