"""Finds vendor codes in a text and says what the catalogue, or the code's own name, knows of them.

Two ways to be seen: *declared*, where the text itself says that a code follows (`ErrorCode=…`, `"error_code":
"…"`,
`[SPARK_ERROR_CLASS]`, `Azure error code: …`), and *mentioned*, where a word of the text is a catalogued code
whose spelling cannot be an ordinary word. Every expression has bounded repetitions; none can run away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rca.catalogue import Catalogue, Entry
from rca.catalogue.names import class_of_known_name
from rca.providers.rules.morphology import class_of_name
from rca.providers.rules.signals import CODE, DECISIVE, EXCEPTION, GENERIC_CODE, MENTIONED_CODE, OUTER, Signal
from tickets.choices import CauseClass

MAX_CODES: Final = 60

# Codes that say only that something failed.
_EMPTY = """
    badrequest bad_request usererror user_error systemerror 2200 2108 activityfailed failed error
    unknown actionfailed operationfailed internalservererror internal_server_error none null
    deploymentfailed conflict 2100 0 1 400 401 403 404 409 429 500 502 503 504 usererrorexception
    resourcedeploymentfailure unknownerror run_execution_error stream_failed job_failed task_failed
    """
EMPTY_CODES: Final = frozenset(_EMPTY.split())

_DECLARED = re.compile(
    r"(?:error[_ ]?code|errorcode|errorclass|error[_ ]class|error type|reason code|termination code|code)[\"']?"
    r"\s{0,3}(?:is\s{0,2}[:=]|[:=]|is\b)\s{0,3}[\"'\[(]{0,3}"
    r"([A-Za-z][A-Za-z0-9_.\-]{2,100}|0x[0-9A-Fa-f]{8}|-?\d{2,12})",
    re.IGNORECASE,
)
_BRACKETED = re.compile(r"\[([A-Z][A-Z0-9]{1,40}[_ ][A-Z0-9_ ]{2,80}(?:\.[A-Z0-9_]{2,60}){0,2})\]")
_AFTER_STATUS = re.compile(r"\b[45]\d\d: ([A-Z][A-Za-z]{8,60})\b")
_LEADING_SNAKE = re.compile(r"\b([A-Z][A-Z0-9]{1,30}_[A-Z0-9_]{2,60})\b(?=\s{0,2}[:;(]|$|\s)")
_LEADING_HUMPS = re.compile(r"(?<![A-Za-z.$\-])((?:[A-Z][a-z0-9]{1,20}){3,9})(?=\s{0,1}:)")
_HRESULT = re.compile(
    r"\b(?:hresult|result code|error code|exit code)\W{1,4}(0x[0-9a-fA-F]{8}|-\d{6,12})", re.IGNORECASE
)
_AADSTS = re.compile(r"AADSTS\d{4,8}")
_IDENTITY = re.compile(r"\b(?:ADAL|MSAL|OAuth2?|AAD) [Ee]rror: ([a-z]{3,30}_[a-z_]{3,40})")
_REASON = re.compile(
    r"(?:Reason|Termination reason)\s{0,2}:\s{0,2}((?:[A-Z][a-z]{1,20} ){1,6}[A-Z][a-z]{1,20})"
)
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.\-]{4,119}")
_DISTINCT = re.compile(r"[a-z][A-Z]|_|-|[A-Za-z]\d{3}")

_EXCEPTION_SOURCES: Final = frozenset({"spark-runtime", "python"})
_PREFERENCE: Final[dict[str, tuple[str, ...]]] = {
    "adf": ("adf", "adf-dataflow", "azure-storage", "azure-arm", "azure-sql"),
    "databricks": ("databricks-rest", "delta", "spark-sql", "databricks-cluster", "databricks-run"),
    "synapse": ("synapse-spark", "azure-sql", "adf", "spark-sql"),
    "functions": ("azure-functions", "azure-storage"),
}


@dataclass(frozen=True, slots=True)
class FoundCode:
    """A code seen in a text: its spelling there, where, whether the text declared it, what is known of it."""

    code: str
    position: int
    is_declared: bool
    entry: Entry | None

    @property
    def is_empty(self) -> bool:
        return self.code.lower() in EMPTY_CODES

    @property
    def is_exception(self) -> bool:
        return self.entry is not None and self.entry.source in _EXCEPTION_SOURCES


def find_codes(raw: str, catalogue: Catalogue, platform: str, *, is_cluster: bool = False) -> list[FoundCode]:
    """The codes of a text, declared ones first, each once; at most `MAX_CODES`."""
    found: dict[str, FoundCode] = {}
    for code, position in _declared(raw):
        entry = pick(catalogue.find(code), platform, is_cluster=is_cluster)
        if code.lower() not in found and _may_be_code(code, entry):
            found[code.lower()] = FoundCode(code, position, is_declared=True, entry=entry)
        if len(found) >= MAX_CODES:
            break
    for match in _WORD.finditer(raw):
        word = match[0].rstrip(".-")
        if len(found) >= MAX_CODES:
            break
        if word.lower() in found or not (_DISTINCT.search(word) or word.endswith("Error")):
            continue
        entry = pick(catalogue.find(word), platform, is_cluster=is_cluster)
        if entry is not None or class_of_known_name(word):
            found[word.lower()] = FoundCode(word, match.start(), is_declared=False, entry=entry)
    return list(found.values())


def pick(entries: tuple[Entry, ...], platform: str, *, is_cluster: bool) -> Entry | None:
    """The entry that fits the platform best, of those that share a code."""
    if len(entries) < 2:
        return entries[0] if entries else None
    order = _PREFERENCE.get(platform, ())
    if is_cluster:
        order = ("databricks-cluster", "databricks-cluster-event", *order)
    rank = {source: number for number, source in enumerate(order)}
    return min(entries, key=lambda entry: rank.get(entry.source, len(rank)))


def code_signal(found: FoundCode, plain: str) -> Signal | None:
    """What a code says about the class; None for empty codes."""
    position = plain.find(found.code.lower())
    entry = found.entry
    if found.is_empty:
        return None
    if entry is None:
        return _of_name(found, position)
    if entry.cause_class == CauseClass.UNKNOWN or entry.role == "not_a_failure":
        return None
    if found.is_exception:
        weight = EXCEPTION - 8 if entry.is_generic else EXCEPTION + 12
    elif entry.is_generic:
        weight = GENERIC_CODE
    else:
        weight = CODE if found.is_declared else MENTIONED_CODE
    return Signal(entry.cause_class, weight, f"code {found.code}", position, entry.transient, found.code)


def _of_name(found: FoundCode, position: int) -> Signal | None:
    """What the family or, failing that, the wording of an uncatalogued code's name says."""
    if known := class_of_known_name(found.code):
        weight = DECISIVE if found.is_declared else MENTIONED_CODE
        return Signal(known[0], weight, f"code {found.code}", position, known[1], found.code)
    cause = class_of_name(found.code) if not found.code.lstrip("-").isdigit() else None
    if cause is None:
        return None
    by_name = OUTER if found.is_declared else GENERIC_CODE
    weight = DECISIVE if _AADSTS.match(found.code) else by_name
    return Signal(cause, weight, f"the name of code {found.code}", position, None, found.code)


def _declared(raw: str) -> Iterator[tuple[str, int]]:
    for expression in (
        _DECLARED,
        _BRACKETED,
        _AADSTS,
        _AFTER_STATUS,
        _LEADING_SNAKE,
        _LEADING_HUMPS,
        _IDENTITY,
        _HRESULT,
    ):
        for match in expression.finditer(raw):
            code = (match[1] if match.lastindex else match[0]).rstrip(".-_ ")
            yield code.replace(" ", "_"), match.start()
    for match in _REASON.finditer(raw):
        yield match[1].upper().replace(" ", "_"), match.start()


def _may_be_code(code: str, entry: Entry | None) -> bool:
    """Keeps out the words that merely follow `code:`, and exception classes (they are judged as words)."""
    if entry is not None:
        is_plain_word = entry.code.isupper() and "_" not in entry.code
        return entry.source not in _EXCEPTION_SOURCES and (not is_plain_word or code == entry.code)
    if code.lower().endswith(("exception", "error:")) or ("." in code and code.islower()):
        return False
    return code.lstrip("-").isdigit() or code.startswith("0x") or bool(_DISTINCT.search(code))
