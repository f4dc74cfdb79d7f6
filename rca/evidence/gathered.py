"""What one collection has found so far: pieces of evidence, facts for the ticket, and what could not be had.

Plain data and no database: the vendors are asked first, everything is written afterwards in one transaction.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from integrations.errors import IntegrationError, NotConfiguredError
from rca.models import EvidenceKind

T = TypeVar("T")
LONGEST_LEAF = 300


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of evidence. With a `slot` it is one thing whose text may grow; a newer text replaces it."""

    kind: str
    title: str
    text: str
    source_url: str = ""
    slot: str = ""


@dataclass(frozen=True, slots=True)
class Mention:
    """A run that the evidence names. `is_cause`: the ticket's own failure came from there."""

    source: str
    run_id: str
    scope: str = ""
    is_cause: bool = True


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that could not be had. `text` holds the advice, too."""

    text: str
    is_temporary: bool
    retry_after: float | None = None


@dataclass(slots=True)
class Gathered:
    """Filled step by step. `give_up_at` is monotonic: no call begins after it."""

    give_up_at: float
    pieces: list[Piece] = field(default_factory=list)
    chain: list[str] = field(default_factory=list)
    chain_url: str = ""
    mentions: list[Mention] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    vendors: dict[str, None] = field(default_factory=dict)
    tag_sets: list[Mapping[str, str]] = field(default_factory=list)
    error_message: str = ""
    error_code: str = ""
    name: str = ""
    leaf: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)

    def seconds_left(self) -> float:
        return max(self.give_up_at - time.monotonic(), 0.0)

    def ask(self, what: str, call: Callable[[], T], *, is_optional: bool = False) -> T | None:
        """The answer of a vendor; None, and the reason kept, when there is none.

        What is optional is done without: a role that lacks a nicety must not leave its mark on every ticket.
        """
        try:
            return call()
        except NotConfiguredError as error:
            self.note(f"Skipped: {what}", error.advice)
        except IntegrationError as error:
            if is_optional:
                return None
            text = f"{what} could not be fetched: {error}"
            self.trouble(f"{text}. {error.advice}" if error.advice else text, error)
        return None

    def trouble(self, text: str, error: IntegrationError) -> None:
        self.troubles.append(Trouble(text, not error.permanent, error.retry_after))
        if error.permanent:
            self.note("Not everything could be fetched", text)

    def incomplete(self, text: str, *, is_temporary: bool) -> None:
        """Something is missing from an answer that came all the same."""
        self.troubles.append(Trouble(text, is_temporary))
        if not is_temporary:
            self.note("Not everything could be fetched", text)

    def add(self, kind: str, title: str, text: str, source_url: str = "", *, slot: str = "") -> None:
        if text.strip():
            self.pieces.append(Piece(kind, title, text, source_url, slot))

    def note(self, title: str, text: str) -> None:
        self.add(EvidenceKind.NOTE, title, text)

    def fail_at(self, leaf: str, message: str, code: str = "") -> None:
        """What failed by itself, and its error; the last one told wins, since the way goes downwards."""
        first_line = next((line.strip() for line in message.splitlines() if line.strip()), "")
        self.leaf = (f"{leaf} failed: {first_line}" if first_line else f"{leaf} failed")[:LONGEST_LEAF]
        self.error_message = message or self.error_message
        self.error_code = code or self.error_code

    def ran(self, started_at: datetime | None, ended_at: datetime | None) -> None:
        """When the ticket's own run began and ended, kept on the ticket as ISO 8601 (UTC)."""
        for name, moment in (("run_started_at", started_at), ("run_ended_at", ended_at)):
            if moment:
                self.metadata[name] = moment.isoformat()

    def chain_piece(self) -> Piece | None:
        """The whole way down on one screen, the run that the alert is about first, the error last."""
        if not self.chain:
            return None
        lines = [f"{number}. {line}" for number, line in enumerate(self.chain, 1)]
        return Piece(EvidenceKind.NOTE, "The way to the failure", "\n".join(lines), self.chain_url, "chain")
