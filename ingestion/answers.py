"""What a sender is told (contract, "Answers"): plain data, no HTTP framework."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ingestion.identity import CREATED, LOOKING_UP, REOPENED, Placement

LOOKING_UP_MESSAGE = "looking up the failed runs"
MOST_KEYS_TOLD = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP status, a JSON body, and extra headers. `is_our_fault` is not told: our code failed on the body."""

    http_status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)
    is_our_fault: bool = False

    def encoded(self) -> bytes:
        """The body as it is sent, by whichever face of the door."""
        return json.dumps(self.body).encode()


def refused(http_status: int, detail: str, **headers: str) -> Answer:
    return Answer(
        http_status, {"detail": detail}, {name.replace("_", "-"): value for name, value in headers.items()}
    )


def malformed(event_id: int | None, detail: str) -> Answer:
    return Answer(400, {"detail": detail, "event_id": event_id})


def nothing_to_do(
    event_id: int | None,
    status: str,
    message: str,
    *,
    alert_rule: str | None = None,
    run_id: str = "",
    is_our_fault: bool = False,
) -> Answer:
    """`alert_rule` is told, with zero failures, by the source whose answers count them; None elsewhere."""
    body: dict[str, Any] = {
        "status": status,
        "event_id": event_id,
        "ticket_id": None,
        "run_id": run_id,
        "tickets": [],
        "message": message,
    }
    if alert_rule is not None:
        body |= {"alert_rule": alert_rule, "total_failures": 0, "tickets_created": 0}
    return Answer(202, body, is_our_fault=is_our_fault)


def noted_on(reason: str, keys: Sequence[str]) -> str:
    """The reason why there is nothing to do, and the tickets on whose timelines it now stands."""
    if not keys:
        return reason
    more = f" and {len(keys) - MOST_KEYS_TOLD} more" if len(keys) > MOST_KEYS_TOLD else ""
    return f"{reason} Noted on {', '.join(keys[:MOST_KEYS_TOLD])}{more}."


def placed(
    event_id: int | None, placements: Sequence[Placement], *, alert_rule: str = "", total: int | None = None
) -> Answer:
    """The answer for failures that found their tickets; the first created one speaks for all."""
    fresh = [p for p in placements if p.verdict in {CREATED, REOPENED}]
    waiting = [p for p in placements if p.verdict == LOOKING_UP]
    lead = (fresh or waiting or list(placements))[0]
    is_accepted = bool(fresh or waiting)
    body: dict[str, Any] = {
        "status": "accepted" if is_accepted else "duplicate_ignored",
        "event_id": event_id,
        "ticket_id": lead.ticket.key if lead.ticket else None,
        "run_id": lead.run_id,
        "tickets": [_entry(p) for p in placements if p.ticket is not None],
        "message": _message(placements, fresh, waiting),
    }
    if not is_accepted:
        body["existing_status"] = lead.existing_status
    if total is not None:
        body |= {
            "alert_rule": alert_rule,
            "total_failures": total,
            "tickets_created": sum(p.verdict == CREATED for p in placements),
        }
    return Answer(202, body)


def with_left_out(answer: Answer, count: int, sentence: str) -> Answer:
    """The answer about a body of which some failures got no ticket: it says so, and how many."""
    body = {**answer.body, "failures_left_out": count, "message": f"{answer.body['message']} {sentence}"}
    return Answer(answer.http_status, body, answer.headers)


def _entry(placement: Placement) -> dict[str, Any]:
    assert placement.ticket is not None
    return {"status": placement.verdict, "ticket_id": placement.ticket.key, "run_id": placement.run_id}


def _message(
    placements: Sequence[Placement], fresh: Sequence[Placement], waiting: Sequence[Placement]
) -> str:
    if waiting:
        return LOOKING_UP_MESSAGE
    if not fresh:
        return "Already known; the occurrence was counted."
    created = sum(p.verdict == CREATED for p in fresh)
    reopened = len(fresh) - created
    known = len(placements) - len(fresh)
    parts = [
        f"{n} {what}"
        for n, what in ((created, "created"), (reopened, "reopened"), (known, "already known"))
        if n
    ]
    return f"Tickets: {', '.join(parts)}."
