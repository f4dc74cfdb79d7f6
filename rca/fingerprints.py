"""Which failures are equal: the same resource, codes and words, once what differs from run to run is masked. Pure.

Two failures of one fingerprint get one model answer, so names of tables, columns and classes stay: only ids,
numbers, paths and times go.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

from rca.case import Case
from rca.error_names import codes_in
from rca.providers.rules.text import window

_ERROR_KINDS: Final = frozenset({"activity_error", "task_error"})
_MAX_ERRORS: Final = 3
_MASKS: Final = (
    (re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b"), "<id>"),
    (re.compile(r"\b[a-z][a-z0-9+.-]{1,15}://[^\s'\"<>]{1,2000}"), "<path>"),
    (re.compile(r"(?<![\w<])(?:[a-z]:)?[/\\][\w.\-=%+@~$/\\]{2,1000}"), "<path>"),
    (re.compile(r"\b[\w.\-=%+@~$]{1,200}(?:[/\\][\w.\-=%+@~$]{1,200}){1,40}"), "<path>"),
    (re.compile(r"\b[\w\-]{1,200}\.(?:csv|json|parquet|avro|orc|txt|gz|zip|xml|xlsx|log|tmp|jar|whl|py)\b"), "<path>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d(?:[t ]\d\d:\d\d(?::\d\d)?(?:\.\d{1,9})?z?)?"), "<time>"),
    (re.compile(r"\b(?=[a-z]{0,32}\d)[0-9a-f]{8,64}\b"), "<id>"),
    (re.compile(r"\d+"), "#"),
)  # fmt: skip
_RUN_PARTS: Final = re.compile(
    r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|(?<=run-)\d+|(?<=job-)\d+|\d{5,}"
)


def mask(text: str) -> str:
    """`text` in small letters on one line, with ids, numbers, paths and times replaced."""
    masked = " ".join(window(text).lower().split())
    for pattern, replacement in _MASKS:
        masked = pattern.sub(replacement, masked)
    return masked


def fingerprint(case: Case) -> str:
    """64 hex digits, the same for equal failures."""
    errors = [item.text for item in case.evidence if item.kind in _ERROR_KINDS][:_MAX_ERRORS]
    parts = (
        case.platform,
        _RUN_PARTS.sub("#", case.resource.lower()),
        case.resource_type,
        ",".join(sorted(code.lower() for code in codes_in(case))),
        mask(case.message),
        *sorted(map(mask, errors)),
    )
    return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()
