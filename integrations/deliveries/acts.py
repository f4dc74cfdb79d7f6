"""What one delivery does: tell the vendor, then write down what follows. One act per channel and operation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from typing import Protocol

from django.utils import timezone

from integrations.deliveries import claims
from integrations.models import Delivery
from tickets.models import Ticket


class NotYetError(Exception):
    """It cannot be told before `seconds` have passed; nothing failed."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"not before {seconds:.0f} s")
        self.seconds = seconds


class NotNeededError(Exception):
    """There is nothing to tell any more, or nowhere to tell it; the message says why in one line."""


@dataclass(frozen=True, slots=True)
class Result:
    """How it ended well: the vendor's id of what was made, one safe line, and what goes onto the ticket."""

    remote_id: str = ""
    response: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    digest: str = ""
    category: str = ""


@dataclass(slots=True)
class Work:
    """One claimed attempt: the delivery and its ticket as they were when it began."""

    delivery: Delivery
    ticket: Ticket
    token: str
    has_acted: bool = False

    def renew(self) -> datetime:
        """Keep the claim for the next call; raises LostClaimError when it is gone."""
        now = timezone.now()
        claims.hold(self.delivery.pk, self.token, now)
        return now

    def about_to_act(self, digest: str = "") -> None:
        """Say, before an effect that cannot be repeated, that its outcome is open, and what it tells.

        A worker that dies from here on leaves the word to the next one: look first.
        """
        now = timezone.now()
        claims.hold(
            self.delivery.pk, self.token, now, uncertain_since=now, digest=digest or self.delivery.digest
        )
        self.has_acted = True

    @property
    def must_look(self) -> bool:
        """An earlier attempt may have taken effect."""
        return self.delivery.uncertain_since is not None


class Act(Protocol):
    """`sent_action` is the audit trail's name of a success, "" where none is recorded."""

    sent_action: str

    def tell(self, work: Work) -> Result:
        """Call the vendor. Raises IntegrationError, NotYetError, NotNeededError or LostClaimError."""
        ...

    def follow_up(self, ticket: Ticket, delivery: Delivery, result: Result) -> None:
        """Write what follows from a success; inside the transaction that records it, the ticket locked."""
        ...

    def give_way(self, ticket: Ticket) -> None:
        """An attempt failed: let go what waits for it. Inside the recording transaction."""
        ...


class BaseAct:
    """Nothing follows."""

    sent_action = ""

    def follow_up(self, ticket: Ticket, delivery: Delivery, result: Result) -> None:
        return

    def give_way(self, ticket: Ticket) -> None:
        return


def act_of(delivery: Delivery) -> Act:
    """The act of a delivery. The vendors' SDKs are imported here, in a worker, when first needed."""
    module = import_module(f"integrations.deliveries.{delivery.channel}_acts")
    act: Act = module.ACTS[delivery.operation]
    return act
