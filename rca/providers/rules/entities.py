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
from rca.providers.rules.entity_forms import FORMS
from rca.providers.rules.entity_nouns import PROSE, Named, named_beside_nouns
from tickets.choices import CauseClass as C

MAX_LENGTH: Final = 300
MAX_TRIES: Final = 4
MAX_WORDS: Final = 6
MAX_NOUNS: Final = 200

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
    C.AUTHENTICATION_FAILURE: ("host", "reference", "secret", "principal", "storage"),
    C.CONCURRENCY_CONFLICT: ("cluster", "reference", "table", "blob", "path", "queue"),
    C.THROTTLING: ("runtime", "endpoint", "host"),
    C.UPSTREAM_SERVICE_OUTAGE: ("resource", "endpoint", "host"),
    C.CAPACITY_OR_QUOTA: ("quota", "size", "cluster", "database", "runtime"),
    C.TIMEOUT: ("function", "endpoint", "queue", "host", "path", "cluster"),
    C.SYNTAX_OR_CODE_ERROR: ("pipeline", "step", "notebook", "function", "code"),
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
_OPENINGS: Final = tuple("'\"`[(")
# Data may call a column "date" or "source".
_HELD_BY_DATA: Final = frozenset(["column", "table"])
_NAMED_BY_WORDS: Final = frozenset(["node", "function", "step"])
_CODE_KINDS: Final = frozenset(["package", "function", "code", "resource"])
_ID_KINDS: Final = frozenset(["principal", "cluster", "job"])

_COMPLAINT_AFTER: Final = re.compile(
    r"(?:['\"`\]]{0,2} (?:of|in|on|referenced by|used by) (?:the )?(?:[a-z]{3,12} ){1,2}['\"`\[][^'\"`\]\n]{1,80})?"
    r"[\s'\"`\])>,.]{0,4}(?:[a-z]{1,15} ){0,2}?(?:has no |does(?: no|n')t (?:exist|resolve|allow DBNull)|do not exist"
    r"|(?:is|was|are|were) (?:no longer|already|missing|locked|offline|empty|corrupt|full|deleted|stopped|unavailable"
    r"|in unexpected|invalid|disabled|denied|not (?!authorized|allowed|permitted|able|a member))"
    r"|(?:is|was)n't |(?:cannot|can't|could not|couldn't) be |not found|already exists|has (?:been|reached|exceeded)"
    r"|has incompatible|failed\b|overlaps|remained)"
)
_COMPLAINT_BEFORE: Final = re.compile(
    r"(?:(?:cannot|can't|can not|could not|couldn't|unable to|failed to|not able to|failure to|error (?:while|when)) "
    r"(?:find|open|access|read|reach|resolve|load|locate|import|list|delete|drop|parse|start|download|create|write"
    r"|reading|loading|opening|accessing|parsing)|no such|invalid|unknown|unresolved|undefined|missing|already mounted)"
    r"(?: [a-z]{1,12}){0,4}:? ?[\s'\"`\[(]{0,3}$",
    re.IGNORECASE,
)
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
    r"|char \d{1,9}|errno \d{1,4}|https?\w{0,30}|invalid_\w{1,30}"
    r"|(?:az|pip|dbt|npm|terraform|databricks|git|conda) \w.{0,80}"
    r"|(?:refresh|create|alter|select|drop|insert|update|delete|merge|grant|set) .{1,200}|appid=.{0,60}"
    r"|microsoft\.[\w/]{3,120}/(?:action|read|write|delete)"
    r"|<token-identified principal>|(?:nt authority\\)?anonymous(?: logon)?|x{2,}|\*{2,}|\.{2,}|[^\w]{1,8})",
    re.IGNORECASE,
)
_GUID: Final = re.compile(r"\{?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\}?|[0-9a-f]{32}", re.IGNORECASE)
_NUMBERS: Final = re.compile(r"[\d\s.,:%+-]{1,60}")
_ADDRESS: Final = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?")
_EXCEPTION: Final = re.compile(r"[\w.$]{0,200}(?:Exception|Error|Failure|Credential)")
_CONDITION: Final = re.compile(r"[A-Z]{2,20}(?:_[A-Z0-9]{2,20}){2,8}")
_IN_EXAMPLE: Final = re.compile(
    r"(?:for example|e\.g\.|such as|did you mean|valid \w{1,20} are|available \w{1,20} are)[^.]{0,40}$",
    re.IGNORECASE,
)
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
        kind for kind in FORMS if kind not in first and cause_class in _ONLY_FOR.get(kind, (cause_class,))
    )
    beside_nouns = list(islice(named_beside_nouns(raw), MAX_NOUNS))
    secrets = find_secrets(raw, emails=False)
    for kinds in (first, rest):
        name = _best(raw, kinds, beside_nouns, secrets)
        if name:
            return name if redact(name) == name else ""
    return ""


def _best(raw: str, kinds: tuple[str, ...], beside_nouns: list[Named], secrets: list[Span]) -> str:
    """Of these kinds the first name that the text complains of, else the first name."""
    fallback = ""
    for kind in kinds:
        for found in _of_kind(raw, kind, beside_nouns):
            name = _cleaned(found)
            if not name or not _is_name(name, found, raw) or _is_secret(found, secrets):
                continue
            if _is_complained_of(raw, found):
                return name
            fallback = fallback or name
    return fallback


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
    if _NOT_A_NAME.fullmatch(name) or (
        not is_quoted and found.kind not in _NAMED_BY_WORDS and name.lower() in PROSE
    ):
        return False
    if _TYPE.fullmatch(name) and not (is_quoted and found.kind in _HELD_BY_DATA):
        return False
    if _CONDITION.fullmatch(name) and found.kind in ("cluster", "step", "job", "runtime", "package"):
        return False
    if _IN_EXAMPLE.search(raw, max(0, found.start - 60), found.start):
        return False
    if _GUID.fullmatch(name) and found.kind not in _ID_KINDS:
        return False
    if (
        _NUMBERS.fullmatch(name)
        and (found.kind not in _ID_KINDS or len(name) < 2)
        and not _ADDRESS.fullmatch(name)
    ):
        return False
    if _EXCEPTION.fullmatch(name) and "." not in name and "/" not in name:
        return False
    if found.kind not in _CODE_KINDS and (_EXCEPTION.fullmatch(name) or _RUNTIME_CLASS.match(name)):
        return False
    if found.kind in ("path", "endpoint") and (_LIBRARY_FRAME.match(name) or _HELP.match(name)):
        return False
    if found.kind not in ("path", "step", "job") and (len(name.split()) > MAX_WORDS or ", " in name):
        return False
    is_structure = "=" in name and "{" in name
    return not is_structure and not ("@" in name and found.kind in ("job", "step", "cluster"))


def _is_complained_of(raw: str, found: Named) -> bool:
    if found.kind == "step":
        return False
    if found.kind == "quota" or _COMPLAINT_AFTER.match(raw, found.end):
        return True
    return _COMPLAINT_BEFORE.search(raw, max(0, found.start - 60), found.start) is not None
