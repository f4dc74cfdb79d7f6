"""A ticket's recommendations with their ticks, as every face reads them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from tickets.models import DoneStep, Ticket


@dataclass(frozen=True, slots=True)
class Step:
    """One recommendation; `done_by` is "" and `done_at` None while nobody has ticked it."""

    digest: str
    text: str
    done_by: str = ""
    done_at: datetime | None = None

    @property
    def is_done(self) -> bool:
        return self.done_at is not None


def digest_of(text: str) -> str:
    """The name of a recommendation: a new analysis that says the same finds its tick again."""
    return sha256(text.encode("utf-8", "replace")).hexdigest()


def steps_of(ticket: Ticket, ticks: Iterable[DoneStep] | None = None) -> list[Step]:
    """In the order of the recommendations, each text once. The ticks are read, one query, where they are not given."""
    texts = {digest_of(text): text for text in ticket.recommendations}
    if ticks is None:
        ticks = ticket.done_steps.all() if texts else ()
    done = {step.digest: step for step in ticks}
    return [
        Step(digest, text, done[digest].done_by, done[digest].done_at)
        if digest in done
        else Step(digest, text)
        for digest, text in texts.items()
    ]
