"""The life cycle as one table (contract, section 12). "Closed" in names means acknowledged."""

from __future__ import annotations

from tickets.choices import Status

ALLOWED: dict[str, tuple[str, ...]] = {
    Status.OPEN: (Status.IN_PROGRESS, Status.ACKNOWLEDGED),
    Status.IN_PROGRESS: (Status.ACKNOWLEDGED, Status.OPEN),
    Status.ACKNOWLEDGED: (Status.OPEN,),
}


class TransitionError(Exception):
    """The ticket cannot go there from where it is; `allowed` names where it can."""

    def __init__(self, current: str, wanted: str) -> None:
        self.current = current
        self.wanted = wanted
        self.allowed = tuple(str(status) for status in ALLOWED[current])
        super().__init__(
            f"A ticket that is {current} cannot become {wanted}; allowed: {', '.join(self.allowed)}."
        )


def needs_change(current: str, wanted: str) -> bool:
    """True when the move must be made, False when the ticket is already there; raises TransitionError."""
    if current == wanted:
        return False
    if wanted not in ALLOWED[current]:
        raise TransitionError(current, wanted)
    return True
