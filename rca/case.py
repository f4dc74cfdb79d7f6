"""The question put to a provider, and the answer it gives: plain data on both sides.

Nothing here reads settings, the database or the clock, so every provider can be measured on a file of cases.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class EvidenceItem:
    """One numbered piece of evidence; `number` counts from 1 and is what a finding cites."""

    number: int
    kind: str
    text: str
    source_url: str = ""


@dataclass(frozen=True, slots=True)
class SimilarTicket:
    """A closed ticket of the same shape, with what resolved it."""

    ticket_id: str
    error_type: str
    cause_class: str
    root_cause: str
    resolution: str


@dataclass(frozen=True, slots=True)
class Case:
    """One failure to explain.

    `platform` is `adf`, `databricks`, `synapse` or `functions`; `message` the error text as the vendor gave it;
    `code` the vendor's code where it came apart from the text ("" when none).
    """

    platform: str
    message: str
    code: str = ""
    resource: str = ""
    resource_type: str = ""
    evidence: tuple[EvidenceItem, ...] = ()
    similar: tuple[SimilarTicket, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """What a provider concluded.

    `cause_class`, `severity`, `priority` and `confidence` come from `tickets.choices`; `error_type` is the
    vendor's own code or one of the contract's list. `transient` is None where nothing can be said.
    `citations` are evidence numbers; `rationale` says in one sentence which signal decided.
    `severity` is "" where the finding gives no reason to move the alert's own.
    """

    provider: str
    root_cause: str
    error_type: str
    cause_class: str
    confidence: str
    recommendations: tuple[str, ...] = ()
    transient: bool | None = None
    affected_entity: str = ""
    severity: str = ""
    priority: str = ""
    rationale: str = ""
    citations: tuple[int, ...] = ()
    is_hypothesis: bool = False
    matched: tuple[str, ...] = field(default=())


@dataclass(slots=True)
class Transcript:
    """What an analysis by a model sent and cost. Filled in as the call goes on, so that a call that fails leaves
    what is known; `prompt_sent` is redacted. Token counts are None where the vendor did not tell.
    """

    model: str = ""
    prompt_version: str = ""
    prompt_sent: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    was_repaired: bool = False

    def add_tokens(self, read: int | None, written: int | None) -> None:
        if read is not None:
            self.input_tokens = (self.input_tokens or 0) + read
        if written is not None:
            self.output_tokens = (self.output_tokens or 0) + written


class Provider(Protocol):
    """Anything that can explain a failure. Raises `integrations.errors.IntegrationError` when it cannot answer."""

    name: str

    def analyse(self, case: Case) -> Finding: ...


@runtime_checkable
class TracedProvider(Provider, Protocol):
    """A provider behind a network: it costs time and money, and an auditor may ask what it was told."""

    def explain(self, case: Case, transcript: Transcript) -> Finding: ...
