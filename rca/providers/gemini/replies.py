"""Reads a `generateContent` answer: what the model said, or why it said nothing. Pure.

An answer may come as 200 and still be none: a blocked prompt has no candidates, a cut or withheld answer has a
finish reason (Gemini API reference, GenerateContentResponse).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from integrations import reading
from integrations.errors import IntegrationError
from rca.providers.gemini.config import VENDOR

_FINISHED = frozenset({"STOP", "FINISH_REASON_UNSPECIFIED", ""})
_FINISH_ADVICE = {
    "MAX_TOKENS": "The answer did not fit; thinking counts too. Try a model that thinks less in MODEL_ID.",
    "SAFETY": "The model's filter held the answer back; the rules' finding stands.",
    "RECITATION": "The model's filter held the answer back; the rules' finding stands.",
}
_NUMBERED_FINISH = ("FINISH_REASON_UNSPECIFIED", "STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "OTHER")
_NUMBERED_BLOCK = ("BLOCK_REASON_UNSPECIFIED", "SAFETY", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT")


@dataclass(frozen=True, slots=True)
class ModelReply:
    """What the model said. Token counts are None where the answer did not tell; thinking counts as output."""

    text: str
    model: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None


def read_reply(document: object) -> ModelReply:
    """The model's words: all text parts joined, without those marked as thoughts.

    Raises IntegrationError (permanent: the same question would get the same) for a blocked prompt and for an
    answer that was cut, withheld or is empty.
    """
    blocked = _name(reading.at(document, "promptFeedback", "blockReason"), _NUMBERED_BLOCK)
    candidates = reading.objects(document, "candidates")
    if not candidates:
        reason = blocked or "no candidates"
        raise _refusal(
            f"the prompt was blocked ({reason})",
            "prompt_blocked",
            "The model refused to read this failure; the rules' finding stands.",
        )
    finish = _name(candidates[0].get("finishReason"), _NUMBERED_FINISH)
    if finish not in _FINISHED:
        raise _refusal(
            f"the answer ended with {finish}", f"finish_{finish.lower()}", _FINISH_ADVICE.get(finish, "")
        )
    parts = reading.objects(candidates[0], "content", "parts")
    text = "".join(reading.text(part, "text") for part in parts if part.get("thought") is not True)
    if not text.strip():
        raise _refusal("the answer is empty", "empty_answer", "")
    return ModelReply(text, reading.text(document, "modelVersion"), *read_tokens(document))


def read_tokens(document: object) -> tuple[int | None, int | None]:
    """(input, output) tokens that an answer cost, also one that was refused."""
    said = reading.integer(document, "usageMetadata", "candidatesTokenCount")
    thought = reading.integer(document, "usageMetadata", "thoughtsTokenCount")
    output = None if said is None and thought is None else (said or 0) + (thought or 0)
    return reading.integer(document, "usageMetadata", "promptTokenCount"), output


def _name(value: Any, names: tuple[str, ...]) -> str:
    """An enum's name: the API writes names or, when asked with `enum-encoding=int`, numbers."""
    if isinstance(value, int) and not isinstance(value, bool):
        return names[value] if 0 <= value < len(names) else str(value)
    return value[:60] if isinstance(value, str) else ""


def _refusal(what: str, code: str, advice: str) -> IntegrationError:
    return IntegrationError(f"{VENDOR}: {what}", vendor=VENDOR, permanent=True, code=code, advice=advice)
