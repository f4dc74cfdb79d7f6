"""One body may name any number of failures; a bounded number of them becomes tickets, and the rest is told."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ingestion.sources.base import Failures

_NAMED = 10


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How many failures of a body got no ticket, and what the first of them are called."""

    count: int = 0
    names: tuple[str, ...] = ()

    def sentence(self, limit: int) -> str:
        """For the sender and the admin; "" when nothing was left out."""
        if not self.count:
            return ""
        more = f" and {self.count - len(self.names)} more" if self.count > len(self.names) else ""
        return (
            f"{self.count} more failures in this body got no ticket, as it names more than "
            f"INGESTION_MAX_FAILURES_PER_BODY={limit}: {', '.join(self.names)}{more}."
        )


NOTHING_LEFT_OUT = LeftOut()


def cap_failures(failures: Failures, limit: int) -> tuple[Failures, LeftOut]:
    """The first `limit` failures, and what is left out; the body with all of them stays in the event."""
    rest = failures.items[limit:]
    if not rest:
        return failures, NOTHING_LEFT_OUT
    names = tuple((failure.run_id or failure.name)[:60] for failure in rest[:_NAMED])
    return replace(failures, items=failures.items[:limit]), LeftOut(len(rest), names)
