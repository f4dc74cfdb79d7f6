"""A model's answer as data: parsed, checked against the closed lists, turned into a Finding. Pure.

Nothing of an answer is an instruction, and nothing of it decides an action: there is no field for one, and what a
model adds beyond the schema is dropped.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from integrations.wording import clean
from rca.case import Finding
from rca.catalogue import load_catalogue
from rca.error_names import CLOSED_LIST, is_error_type
from tickets.choices import PRIORITY_OF_SEVERITY, CauseClass, Confidence, Severity

MAX_ROOT_CAUSE: Final = 2_000
MAX_STEPS: Final = 8
MAX_STEP: Final = 500
_MAX_STARTS: Final = 50
_STEP_MARKS: Final = " \t-*•0123456789.)"


class AnswerError(ValueError):
    """An answer that cannot be used. The text is our own sentence, fit to be told to the model and to people."""


class Answer(BaseModel):
    """What the model is asked for. Unknown fields are dropped."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    root_cause: str = Field(min_length=1, max_length=20_000)
    error_type: str = Field(min_length=1, max_length=200)
    cause_class: CauseClass | None = None
    severity: Severity | None = None
    priority: str = Field(default="", max_length=20)
    confidence: Confidence = Confidence.LOW
    recommendations: list[str] = Field(default_factory=list, max_length=50)
    citations: list[int] = Field(default_factory=list, max_length=100)
    affected_entity: str = Field(default="", max_length=2_000)
    transient: bool | None = None
    rationale: str = Field(default="", max_length=5_000)

    @field_validator("recommendations", mode="before")
    @classmethod
    def _as_steps(cls, value: object) -> object:
        if isinstance(value, str):
            return [step for line in value.splitlines() if (step := line.strip().lstrip(_STEP_MARKS))]
        return [] if value is None else value

    @field_validator("citations", mode="before")
    @classmethod
    def _as_numbers(cls, value: object) -> object:
        return [] if value is None else value

    @field_validator("affected_entity", "rationale", "priority", mode="before")
    @classmethod
    def _as_text(cls, value: object) -> object:
        return "" if value is None else value

    @field_validator("confidence", mode="before")
    @classmethod
    def _as_confidence(cls, value: object) -> object:
        return Confidence.LOW if value is None else value


@dataclass(frozen=True, slots=True)
class Terms:
    """What an answer to one case may say: its codes, and the evidence numbers that exist."""

    codes: tuple[str, ...]
    numbers: frozenset[int]


def response_schema(terms: Terms) -> dict[str, Any]:
    """The schema sent along, in the API's OpenAPI subset. Error types are those that can be right here."""
    text = {"type": "STRING"}
    names = list(dict.fromkeys([*terms.codes, *CLOSED_LIST]))
    return {
        "type": "OBJECT",
        "properties": {
            "root_cause": text,
            "error_type": {"type": "STRING", "enum": names},
            "cause_class": {"type": "STRING", "enum": list(CauseClass.values)},
            "affected_entity": text,
            "transient": {"type": "BOOLEAN", "nullable": True},
            "severity": {"type": "STRING", "enum": list(Severity.values)},
            "confidence": {"type": "STRING", "enum": list(Confidence.values)},
            "recommendations": {"type": "ARRAY", "items": text},
            "citations": {"type": "ARRAY", "items": {"type": "INTEGER"}},
            "rationale": text,
        },
        "required": ["root_cause", "error_type", "cause_class", "confidence", "recommendations", "citations"],
    }


def read_answer(said: str, terms: Terms, *, provider: str, restore: Callable[[str], str]) -> Finding:
    """The finding in a model's words. `restore` puts masked values back into free text.

    Raises AnswerError for anything but an answer that keeps to the closed lists and to evidence that exists.
    """
    document = extract_object(said)
    try:
        answer = Answer.model_validate(document)
    except ValidationError as error:
        raise AnswerError(_problem(error)) from None
    if not is_error_type(answer.error_type, terms.codes):
        raise AnswerError("error_type: expected a code that the evidence holds or one of the list.")
    if missing := sorted(set(answer.citations) - terms.numbers):
        shown = ", ".join(str(number)[:20] for number in missing[:5])
        raise AnswerError(f"citations: there is no evidence numbered {shown}.")
    return _finding(answer, provider, restore)


def extract_object(said: str) -> dict[str, Any]:
    """The JSON object in a model's words: bare, in a markdown fence, or amid chatter; the longest one counts."""
    decoder = json.JSONDecoder()
    best: tuple[int, dict[str, Any]] | None = None
    position, starts = said.find("{"), 0
    while position >= 0 and starts < _MAX_STARTS:
        starts += 1
        try:
            found, end = decoder.raw_decode(said, position)
        except (ValueError, RecursionError):
            end = position + 1
        else:
            if isinstance(found, dict) and (best is None or end - position > best[0]):
                best = (end - position, found)
        position = said.find("{", end)
    if best is None:
        raise AnswerError("It holds no complete JSON object.")
    return best[1]


def _finding(answer: Answer, provider: str, restore: Callable[[str], str]) -> Finding:
    cause_class = answer.cause_class or _class_of(answer.error_type)
    severity = str(answer.severity) if answer.severity else ""
    citations = tuple(dict.fromkeys(answer.citations))
    confidence = answer.confidence if citations else min_confidence(answer.confidence, Confidence.MEDIUM)
    return Finding(
        provider=provider,
        root_cause=clean(restore(answer.root_cause))[:MAX_ROOT_CAUSE],
        error_type=answer.error_type,
        cause_class=str(cause_class),
        confidence=str(confidence),
        recommendations=tuple(
            clean(restore(step))[:MAX_STEP] for step in answer.recommendations[:MAX_STEPS] if step.strip()
        ),
        transient=answer.transient,
        affected_entity=clean(restore(answer.affected_entity))[:500],
        severity=severity,
        # One follows from the other; where a model contradicts itself the severity counts.
        priority=str(PRIORITY_OF_SEVERITY[severity]) if severity else "",
        rationale=clean(restore(answer.rationale))[:1000],
        citations=citations,
        is_hypothesis=not citations,
    )


def min_confidence(one: str, other: str) -> str:
    """The lower of two confidences."""
    order = list(Confidence.values)  # from Very High down
    return max(str(one), str(other), key=order.index)


def _class_of(error_type: str) -> str:
    entries = load_catalogue().find(error_type)
    return entries[0].cause_class if entries else str(CauseClass.UNKNOWN)


def _problem(error: ValidationError) -> str:
    """Which field, and what was expected; never the value, which may be an echo of untrusted data."""
    faults = [
        f"{'.'.join(str(step) for step in fault['loc'][:2]) or 'the answer'}: {fault['type'].replace('_', ' ')}"
        for fault in error.errors(include_input=False, include_url=False, include_context=False)[:3]
    ]
    return f"These fields are wrong: {'; '.join(faults)}."
