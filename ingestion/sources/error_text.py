"""The error in the order of its detail, and the vendor's most specific code.

A copy activity reports the generic code 2200 and hides the real one in its message:
`ErrorCode=UserErrorSourceBlobNotExist,'Type=…,Message=…'`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ingestion.sources.fields import Fields, any_text, as_decoded_object, clean

MAX_CODE = 200
_SEARCHED = 8_000
_NESTED = re.compile(r"""\berror_?code\\?["']?\s*[=:]\s*\\?["']?([A-Za-z][\w.\-]{2,120})""", re.IGNORECASE)
_GENERIC = frozenset(
    {"usererror", "systemerror", "actionfailed", "failed", "error", "unknown", "none", "null"}
)


@dataclass(frozen=True, slots=True)
class ErrorFacts:
    """What a body says about the error itself; each part "" where it says nothing."""

    message: str = ""
    code: str = ""
    failure_type: str = ""
    target: str = ""


def is_generic(code: str) -> bool:
    """A number or a word that says no more than "it failed"."""
    return code == "" or code.isdigit() or code.lower() in _GENERIC


def specific_code(code: str, message: str) -> str:
    """The given code, unless it is generic and the message carries a telling one."""
    if is_generic(code):
        for match in _NESTED.finditer(message, 0, _SEARCHED):
            if not is_generic(match.group(1)):
                return match.group(1)
    return code


def read_error(fields: Fields) -> ErrorFacts:
    """`Error.message`, `ErrorMessage`, a plain `error`, `detailedMessage`, `message`; in that order."""
    raw = fields.raw("error")
    inner = Fields.of(as_decoded_object(raw))
    message = (
        inner.text("message", "errormessage", "detailedmessage")
        or fields.text("errormessage")
        or any_text(raw)
        or fields.text("detailedmessage", "message")
    )
    code = inner.scalar("errorcode", "code", limit=MAX_CODE) or fields.scalar("errorcode", limit=MAX_CODE)
    return ErrorFacts(
        message=message,
        code=clean(specific_code(specific_code(code, message), fields.text("errormessage")), MAX_CODE),
        failure_type=inner.scalar("failuretype") or fields.scalar("failuretype"),
        target=inner.scalar("target") or fields.scalar("target"),
    )
