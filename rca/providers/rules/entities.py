"""Names the thing a failure is about: path, table, column, package, host, cluster, runtime, function.

What a text names first is often the wrapper (the server of a failed connection); so the class of the cause says which
kinds to look for first, and among those the name that the text complains of ("... does not exist") wins. Better no name
than one that is none: a type, a status, an exception's class, an id of a request, a page of help; and never a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from audit.redaction import redact
from audit.secret_patterns import Span, find_secrets
from rca.providers.rules.entity_complaints import ADVISED, NONE, STRONG, complaint_about, is_in_example
from rca.providers.rules.entity_forms import FORMS
from rca.providers.rules.entity_nouns import PROSE, Named, named_beside_nouns
from rca.providers.rules.entity_shapes import by_shape
from tickets.choices import CauseClass as C

MAX_LENGTH: Final = 300
MAX_TRIES: Final = 4
MAX_WORDS: Final = 6
MAX_NOUNS: Final = 200
MIN_DIGITS: Final = 5

_FIRST: Final[dict[str, tuple[str, ...]]] = {
    C.MISSING_SOURCE_DATA: ("path", "blob", "queue", "table"),
    C.SCHEMA_OR_TYPE_MISMATCH: ("column", "path", "table"),
    C.BAD_DATA: ("table", "column", "path"),
    C.MISSING_DEPENDENCY_OR_LIBRARY: ("package", "product"),
    C.NETWORK_CONNECTIVITY: ("host", "runtime"),
    C.RESOURCE_NOT_FOUND: (
        "table", "notebook", "secret", "path", "job", "storage", "principal", "cluster", "queue", "database",
    ),
    C.CLUSTER_INFRASTRUCTURE_FAILURE: ("cluster", "runtime"),
    C.OUT_OF_MEMORY: ("cluster", "runtime", "notebook", "node"),
    C.PERMISSION_DENIED: (
        "path", "table", "notebook", "storage", "secret", "job", "host", "database", "resource", "principal",
    ),
    C.AUTHENTICATION_FAILURE: ("host", "reference", "secret", "principal", "storage", "database"),
    C.CONCURRENCY_CONFLICT: ("cluster", "reference", "table", "blob", "path", "queue"),
    C.THROTTLING: ("runtime", "endpoint", "host"),
    C.UPSTREAM_SERVICE_OUTAGE: ("resource", "endpoint", "host"),
    C.CAPACITY_OR_QUOTA: ("quota", "size", "cluster", "database", "runtime"),
    C.TIMEOUT: ("function", "endpoint", "queue", "host", "path", "cluster"),
    C.SYNTAX_OR_CODE_ERROR: ("pipeline", "step", "notebook", "function", "code"),
    C.UNKNOWN: ("function", "cluster"),
    C.CONFIGURATION_ERROR: ("reference", "runtime", "path", "database", "setting", "table", "pipeline"),
}  # fmt: skip
# Kinds that only a class of causes asks for.
_ONLY_FOR: Final = {
    "product": (
        C.MISSING_DEPENDENCY_OR_LIBRARY,
        C.UPSTREAM_SERVICE_OUTAGE,
        C.NETWORK_CONNECTIVITY,
        C.CONFIGURATION_ERROR,
    ),
    "quota": (C.CAPACITY_OR_QUOTA,),
}
# Where a plain complaint of any kind of thing counts for more than an expected kind without one.
_COMPLAINT_WINS: Final = (C.RESOURCE_NOT_FOUND, C.CONFIGURATION_ERROR, C.MISSING_SOURCE_DATA)
_OPENINGS: Final = tuple("'\"`[(")
# Data may call a column "date" or "source".
_HELD_BY_DATA: Final = frozenset(["column", "table"])
_NAMED_BY_WORDS: Final = frozenset(["node", "function", "step"])
_NEVER_CONDITIONS: Final = frozenset(["cluster", "step", "job", "runtime", "package", "principal"])
_CODE_KINDS: Final = frozenset(["package", "function", "code", "resource"])
_ID_KINDS: Final = frozenset(["principal", "cluster", "job", "shape"])

_TYPE: Final = re.compile(
    r"(?:int(?:eger)?|bigint|smallint|double|float|decimal|string|varchar|nvarchar"
    r"|guid|u?int(?:16|32|64)|long|bool(?:ean)?"
    r"|date(?:time2?)?|timestamp|binary|array|struct|object|source|sink|\w{1,20}Type|dbnull)",
    re.IGNORECASE,
)
_NOT_A_NAME: Final = re.compile(
    r"(?:none(?:type)?|null|nan|true|false|unknown|forbidden|unauthorized|notfound|badrequest|conflict"
    r"|internalservererror|success|failed|error"
    r"|usererror|systemerror|basic|off|auto|fixed|global|default auth|redacted|master key"
    r"|char \d{1,9}|errno \d{1,4}"
    r"|https?(?:[_ ]?\d{3}|\w{0,20}(?:error|status|code|exception|response|request|failed|connectionpool))?"
    r"|invalid_\w{1,30}"
    r"|(?:az|pip|dbt|npm|terraform|databricks|git|conda) \w.{0,80}"
    r"|appid=.{0,60}|(?:run)?id ?[=:].{0,80}|http/\d(?:\.\d)?"
    r"|microsoft\.[\w/]{3,120}/(?:action|read|write|delete)"
    r"|<token-identified principal>|(?:nt authority\\)?anonymous(?: logon)?|x{2,}|\*{2,}|\.{2,}|[^\w]{1,8})",
    re.IGNORECASE,
)
# A statement is no name, but the step that runs it may be called so ("Delete old files").
_STATEMENT: Final = re.compile(
    r"(?:refresh|create|alter|select|drop|insert|update|delete|merge|grant|set) .{1,200}", re.IGNORECASE
)
_GUID: Final = re.compile(r"\{?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\}?|[0-9a-f]{32}", re.IGNORECASE)
_IDENTIFIED: Final = re.compile(r"\b(?:id|ID|Id) ?[:=] ?['\"]?$")
_NUMBERS: Final = re.compile(r"[\d\s.,:%+-]{1,60}")
_DATE: Final = re.compile(r"\d{1,4}/\d{1,2}/\d{1,4}")
_ADDRESS: Final = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?")
_EXCEPTION: Final = re.compile(r"[\w.$]{0,200}(?:Exception|Error|Failure|Credential)")
_CONDITION: Final = re.compile(r"[A-Z]{2,20}(?:_[A-Z0-9]{2,20}){2,8}")
_RUNTIME_CLASS: Final = re.compile(
    r"(?:System|Microsoft\.(?:Data|Azure|Windows)\w{0,20}|java|javax|scala|shaded|org|com|py4j)\.\w"
)
# A page of help is not what failed; a frame of an interpreter or of a library is not the code that failed.
_HELP: Final = re.compile(
    r"https?://(?:[\w-]{1,40}\.){0,3}(?:aka\.ms|go\.microsoft\.com|(?:docs|learn|support|schemas)\.[\w.-]{3,60}"
    r"|w3\.org|spark\.apache\.org|stackoverflow\.com|github\.com|stedolan\.github\.io)"
)
_LIBRARY_FRAME: Final = re.compile(
    r"/(?:databricks/(?:spark|python|jars)|usr/lib|opt/conda|local_disk0/\.ephemeral|azure-functions-host)"
    r"|.{0,200}/(?:site|dist)-packages/"
)


def affected_entity(raw: str, cause_class: str) -> str:
    """The thing named by the text, or "" when it names none. Never longer than 300 characters, never a secret."""
    first = _FIRST.get(cause_class, ())
    rest = tuple(
        kind
        for kind in FORMS
        if kind not in first
        and kind not in ("thing", "shape")
        and cause_class in _ONLY_FOR.get(kind, (cause_class,))
    )
    beside_nouns = list(islice(named_beside_nouns(raw), MAX_NOUNS))
    secrets = find_secrets(raw, emails=False)
    name, complaint = _best(raw, first, beside_nouns, secrets)
    if not name or complaint == ADVISED or (complaint < STRONG and cause_class in _COMPLAINT_WINS):
        other, plain = _best(raw, rest, beside_nouns, secrets)
        if not name or plain == STRONG or (plain > complaint == ADVISED):
            name, complaint = other or name, plain if other else complaint
    if not name or complaint == ADVISED:
        name = _last_resort(raw, beside_nouns, secrets) or name
    return name if redact(name) == name else ""


def _last_resort(raw: str, beside_nouns: list[Named], secrets: list[Span]) -> str:
    """What is missing or wrong without a noun; a number that a noun calls an id; the only name in the text."""
    numbered = [found._replace(kind="shape") for found in beside_nouns if _is_identified(raw, found)]
    for kind, names in (("thing", beside_nouns), ("shape", numbered), ("shape", list(by_shape(raw)))):
        name, complaint = _best(raw, (kind,), names, secrets)
        if name and complaint != ADVISED:
            return name
    return ""


def _is_identified(raw: str, found: Named) -> bool:
    return _IDENTIFIED.search(raw, max(0, found.start - 8), found.start) is not None


def _best(
    raw: str, kinds: tuple[str, ...], beside_nouns: list[Named], secrets: list[Span]
) -> tuple[str, int]:
    """Of these kinds the first name that the text complains of most plainly, else the first name; how plainly."""
    best, most = "", ADVISED - 1
    for kind in kinds:
        for found in _of_kind(raw, kind, beside_nouns):
            complaint = _complaint(raw, found)
            if complaint <= most:
                continue
            name = _cleaned(found)
            if not name or not _is_name(name, found, raw) or _is_secret(found, secrets):
                continue
            best, most = name, complaint
            if most == STRONG:
                return best, most
    return best, max(most, ADVISED)


def _is_secret(found: Named, secrets: list[Span]) -> bool:
    """Whether a secret begins inside the name or the name inside a secret; what an address loses does not count."""
    return any(span.start <= found.start < span.end for span in secrets)


def _of_kind(raw: str, kind: str, beside_nouns: list[Named]) -> Iterator[Named]:
    for literal, form in FORMS[kind]:
        if literal not in raw:
            continue
        for match in islice(form.finditer(raw), MAX_TRIES):
            yield Named(kind, match[1], match.start(1), match.end(1))
    yield from islice((found for found in beside_nouns if found.kind == kind), 2 * MAX_TRIES)


def _cleaned(found: Named) -> str:
    """Without quotes and final stops; of an address without its user and its query, which may hold a signature."""
    name = (
        found.name.replace("`", "").strip(" .,;:'\"\\")
        if found.kind != "path"
        else found.name.strip(" .,;:'\"`")
    )
    if "://" in name or name.startswith("/"):
        name = name.split("?", 1)[0]
    scheme, mark, rest = name.partition("://")
    if mark and scheme.startswith(("http", "jdbc", "ftp", "sftp", "net.tcp")) and "@" in rest:
        name = f"{scheme}://{rest.rpartition('@')[2]}"
    return name[:MAX_LENGTH]


def _is_name(name: str, found: Named, raw: str) -> bool:
    """Whether this names a thing of the customer's and not a word, a type, a status, an id or a secret."""
    is_quoted = raw[max(0, found.start - 1) : found.start] in _OPENINGS
    return not (
        is_in_example(raw, found.start)
        or _is_word(name, found, is_quoted=is_quoted)
        or _is_id(name, found, raw, is_quoted=is_quoted)
        or _is_code(name, found)
        or _is_of_no_kind(name, found, is_quoted=is_quoted)
    )


def _is_word(name: str, found: Named, *, is_quoted: bool) -> bool:
    """A status, a word of prose, a type, or a condition's name where things are not called so."""
    return bool(
        _NOT_A_NAME.fullmatch(name)
        or (not is_quoted and found.kind not in _NAMED_BY_WORDS and name.lower() in PROSE)
        or (_TYPE.fullmatch(name) and not (is_quoted and found.kind in _HELD_BY_DATA))
        or (_CONDITION.fullmatch(name) and found.kind in _NEVER_CONDITIONS)
    )


def _is_id(name: str, found: Named, raw: str, *, is_quoted: bool) -> bool:
    """A date, a number or an id, unless the kind goes by ids or the text says that just this one is missing."""
    if _DATE.fullmatch(name):
        return found.kind != "path"
    if found.kind in _ID_KINDS and len(name) > 1:
        return False
    if _GUID.fullmatch(name):
        return not (is_quoted and _complaint(raw, found) == STRONG)
    if not _NUMBERS.fullmatch(name) or _ADDRESS.fullmatch(name):
        return False
    return not (len(name) >= MIN_DIGITS and name.isdigit() and _complaint(raw, found) == STRONG)


def _is_code(name: str, found: Named) -> bool:
    """An exception, a class of a runtime, a frame of a library, a page of help."""
    if _EXCEPTION.fullmatch(name) and (
        ("." not in name and "/" not in name) or found.kind not in _CODE_KINDS
    ):
        return True
    if found.kind not in _CODE_KINDS and _RUNTIME_CLASS.match(name):
        return True
    is_address = found.kind in ("path", "endpoint", "shape")
    return bool(is_address and (_LIBRARY_FRAME.match(name) or _HELP.match(name)))


def _is_of_no_kind(name: str, found: Named, *, is_quoted: bool) -> bool:
    """A statement, a sentence, a structure, or marks that names of this kind do not hold."""
    if found.kind not in ("step", "job"):
        if _STATEMENT.fullmatch(name):
            return True
        if found.kind != "path" and (len(name.split()) > MAX_WORDS or ", " in name):
            return True
    if found.kind == "column" and not is_quoted and "/" in name:
        return True
    return ("=" in name and "{" in name) or ("@" in name and found.kind in ("job", "step", "cluster"))


def _complaint(raw: str, found: Named) -> int:
    if found.kind == "step":
        return NONE
    return STRONG if found.kind == "quota" else complaint_about(raw, found.start, found.end)
