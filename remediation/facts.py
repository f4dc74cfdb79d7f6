"""From a ticket and what the vendor says to the policy's facts. A model's finding is not looked at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rca.case import Finding
from rca.cases import basis_of
from rca.catalogue import load_catalogue
from rca.findings import Basis
from remediation.attempts import attempts_of, last_tried
from remediation.policy import BY_HAND, Code, Facts, Ruling, Tried, decide
from remediation.sighting import Sighting, kind_of
from remediation.states import TRIED
from tickets.models import Ticket


def facts_of(ticket: Ticket, kind: str, seen: Sighting | None = None) -> Facts:
    """The rules' own finding, made anew, with the codes of the vendor's record where it has been asked."""
    basis = basis_of(ticket)
    return _facts(
        basis.rules,
        kind,
        is_addressed=basis.is_addressed,
        codes=[code_of(name) for name in seen.codes] if seen else (),
        tried=tried(ticket),
        retry_after=_retry_after(ticket),
    )


def may_heal(basis: Basis) -> bool:
    """The policy's verdict for the ticket's field of that name, before any vendor is asked."""
    kind = kind_of(basis.ticket)
    if kind is None or basis.ticket.metadata.get("is_warning"):
        return False
    ruling: Ruling = decide(_facts(basis.rules, kind, is_addressed=basis.is_addressed))
    return ruling.may_heal and not basis.is_addressed


def tried(ticket: Ticket) -> list[Tried]:
    """The attempts at the ticket's present failure, oldest first; those by hand do not use up the policy's."""
    made = attempts_of(ticket).filter(state__in=TRIED).exclude(rule=BY_HAND).order_by("number")
    return [Tried(attempt.rule, attempt.step, attempt.state) for attempt in made]


def _retry_after(ticket: Ticket) -> float | None:
    """The seconds of patience that the vendor asked for at the latest attempt."""
    last = last_tried(ticket)
    asked = last.before.get("retry_after") if last else None
    return float(asked) if asked is not None else None


def code_of(name: str) -> Code:
    """What the catalogue knows of a vendor's code; a class only where its entries agree."""
    entries = load_catalogue().find(name)
    classes = {entry.cause_class for entry in entries}
    if len(classes) != 1:
        return Code(name)
    return Code(name, classes.pop(), all(entry.transient for entry in entries))


def _facts(
    rules: Finding,
    kind: str,
    *,
    is_addressed: bool,
    codes: Iterable[Code] = (),
    tried: Sequence[Tried] = (),
    retry_after: float | None = None,
) -> Facts:
    return Facts(
        kind=kind,
        error_type=rules.error_type,
        cause_class=rules.cause_class,
        confidence=rules.confidence,
        is_addressed=is_addressed,
        codes=tuple(codes),
        tried=tuple(tried),
        retry_after=retry_after,
    )
