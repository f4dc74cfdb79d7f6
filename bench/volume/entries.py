"""The audit trail of those tickets, five entries each, sealed as the product seals: `verify_audit` finds it whole.

Ten thousand entries make a seal. Summaries and details repeat, so their digests are computed once; the salt,
which is a secret of each entry in life, is the same for all of them here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from audit import actions, canonical, merkle, sealing
from audit.models import AuditEntry, AuditSeal

COLUMNS = (
    "id", "created_at", "action", "ticket_key", "pipeline", "run_id", "actor_kind", "actor", "actor_employee_id",
    "summary", "details", "request_id", "remote_address", "salt", "personal_digest",
)  # fmt: skip
PER_TICKET = 5
SALT = "5a" * 16
PEOPLE = 20

# Seconds after the ticket was opened, what befell it, and in one sentence.
USUAL = (
    (0, actions.TICKET_CREATED, "service_key", "Severity High, priority P2, source Data Factory"),
    (1, actions.RCA_COMPLETED, "system", "The rules named a cause"),
    (2, actions.JIRA_CREATED, "system", "An issue was created"),
    (3, actions.SLACK_SENT, "system", "A message was sent"),
    (4, actions.TICKET_CLOSED, "person", "in_progress to acknowledged"),
)

Row = tuple[Any, ...]


class Trail:
    """Makes entry rows and remembers what seals and totals need. `tickets` gives key, pipeline, run and time."""

    def __init__(self) -> None:
        self.seals: list[AuditSeal] = []
        self.totals: Counter[str] = Counter()
        self.last_id = 0
        self._leaves: list[bytes] = []
        self._sealed_at = datetime(2000, 1, 1, tzinfo=UTC)

    def rows(self, tickets: Iterable[Row]) -> Iterator[Row]:
        parts = [
            [
                _personal(kind, f"person{who}@example.com" if kind == "person" else "", text)
                for who in range(PEOPLE)
            ]
            for _, _, kind, text in USUAL
        ]
        acts = [
            (timedelta(seconds=seconds), action, kind, text, people)
            for (seconds, action, kind, text), people in zip(USUAL, parts, strict=True)
        ]
        number = 0
        for place, (key, pipeline, run_id, opened_at) in enumerate(tickets):
            request_id, opened = run_id[:16], datetime.fromisoformat(opened_at)
            for passed, action, kind, text, people in acts:
                number += 1
                moment = opened + passed
                actor, digest = people[place % PEOPLE]
                at = moment.isoformat("T", "microseconds")
                self._leaves.append(
                    merkle.leaf_hash(
                        f'{{"action":"{action}","actor_kind":"{kind}","created_at":"{at}Z","id":{number},'
                        f'"personal_digest":"{digest}","pipeline":"{pipeline}","request_id":"{request_id}",'
                        f'"run_id":"{run_id}","ticket_key":"{key}"}}'.encode()
                    )
                )
                yield (
                    number, at.replace("T", " "), action, key, pipeline, run_id, kind, actor, "", text, "{}",
                    request_id, "", SALT, digest,
                )  # fmt: skip
                if len(self._leaves) == sealing.MAX_ENTRIES:
                    self._seal(number, moment.replace(tzinfo=UTC))
        if self._leaves:
            self._seal(number, moment.replace(tzinfo=UTC))
        self.last_id = number
        self.totals.update({action: number // PER_TICKET for _, action, _, _ in USUAL})

    def _seal(self, last_id: int, moment: datetime) -> None:
        before = self.seals[-1] if self.seals else None
        leaves, self._leaves = self._leaves, []
        seal = AuditSeal(
            number=len(self.seals) + 1,
            created_at=moment + sealing.SETTLE,
            first_id=last_id - len(leaves) + 1,
            last_id=last_id,
            count=len(leaves),
            root=merkle.root(leaves).hex(),
            previous_hash=before.hash if before else sealing.GENESIS,
            leaves=b"".join(leaves),
        )
        seal.hash = sealing.seal_hash(seal)
        self.seals.append(seal)


def _personal(kind: str, actor: str, summary: str) -> tuple[str, str]:
    """The actor's name and the digest over the personal part."""
    entry = AuditEntry(actor_kind=kind, actor=actor, summary=summary, details={}, salt=SALT)
    return actor, canonical.personal_digest(
        {name: getattr(entry, name) for name in canonical.PERSONAL_FIELDS}
    )
