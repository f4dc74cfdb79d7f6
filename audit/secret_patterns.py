"""How secrets look: the patterns behind `audit.redaction`, and nothing that replaces anything.

Shapes of tokens are the vendors' published prefixes and alphabets. No pattern asks for a border on its left
where a prefix identifies the token, so glueing a letter in front does not hide it. Every pattern either
begins with a literal that cannot overlap its own repetition, or may start only once per run of characters;
that is what keeps each of them linear.
"""

from __future__ import annotations

import re
from typing import NamedTuple

PLACEHOLDER = re.compile(r"\[\[REDACTED_[A-Z][A-Z_]*?(?:_\d+)?\]\]")
_MASKED_WHOLE = re.compile(rf"{PLACEHOLDER.pattern}[)}}\]]*")
_CLOSERS = ")}]"


class Span(NamedTuple):
    """Where a secret stands, and of what kind it is."""

    start: int
    end: int
    kind: str


class Pattern(NamedTuple):
    """One kind of secret; the group `v` of `regex` is what is masked.

    `hint` is a literal without which the pattern cannot match ("" where there is none): looking for it first is
    many times cheaper. `in_any_case` says that it is in small letters and the text may have capitals.
    """

    kind: str
    regex: re.Pattern[str]
    hint: str = ""
    in_any_case: bool = False


def _pattern(kind: str, expression: str, hint: str) -> Pattern:
    return Pattern(kind, re.compile(expression), hint)


def _casual(kind: str, expression: str, hint: str) -> Pattern:
    return Pattern(kind, re.compile(expression, re.IGNORECASE), hint, in_any_case=True)


_PEM_NAME = r"[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"

PATTERNS: tuple[Pattern, ...] = (
    # Without an END line the text was cut inside the key: everything up to the next five dashes is masked.
    _pattern(
        "PRIVATE_KEY",
        rf"(?P<v>-----BEGIN {_PEM_NAME}[^-]*(?:-(?!----)[^-]*)*(?:-----END {_PEM_NAME})?)",
        "PRIVATE KEY",
    ),
    _pattern("DATABRICKS_TOKEN", r"(?P<v>dapi[0-9a-fA-F]{32,}(?:-\d+)?)", "dapi"),
    _pattern("SLACK_TOKEN", r"(?P<v>xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{10,})", "xox"),
    _pattern("SLACK_TOKEN", r"(?P<v>xapp-[A-Za-z0-9-]{10,})", "xapp-"),
    _pattern("SLACK_WEBHOOK", r"hooks\.slack\.com/(?P<v>[A-Za-z]+/[A-Za-z0-9/_-]{10,})", "hooks.slack.com"),
    _pattern("ATLASSIAN_TOKEN", r"(?P<v>AT(?:ATT|CTT|STT)[A-Za-z0-9_=-]{20,})", "TT"),
    _pattern("GOOGLE_API_KEY", r"(?P<v>AIza[0-9A-Za-z_-]{35,})", "AIza"),
    _pattern("GOOGLE_TOKEN", r"(?P<v>ya29\.[0-9A-Za-z_-]{20,}|GOCSPX-[0-9A-Za-z_-]{20,})", ""),
    _pattern("GITHUB_TOKEN", r"(?P<v>gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})", "_"),
    _pattern("AWS_KEY", r"(?P<v>(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16,})", "A"),
    _pattern("MODEL_KEY", r"(?<![A-Za-z0-9])(?P<v>sk-(?:proj-|ant-)?[A-Za-z0-9_]{32,})", "sk-"),
    _pattern("AZURE_CLIENT_SECRET", r"(?P<v>[A-Za-z0-9_~.-]{3}\dQ~[A-Za-z0-9_~.-]{31,})", "Q~"),
    # 64 bytes in base64: keys of storage accounts, Cosmos and Batch.
    _pattern("STORAGE_KEY", r"(?<![A-Za-z0-9+/])(?P<v>[A-Za-z0-9+/]{86,}==)", "=="),
    _casual("SAS_SIGNATURE", r"(?<![a-z])sig(?:=|%3d)(?P<v>[a-z0-9%+/=_-]+)", "sig"),
    _casual("FUNCTION_KEY", r"[?&]code=(?P<v>[a-z0-9_/=%+-]{20,})", "code="),
    _casual("BEARER_TOKEN", r"\bbearer[ \t:]{1,8}(?P<v>[a-z0-9._~+/=-]{16,})", "bearer"),
    _casual(
        "AUTHORIZATION",
        r"\bauthorization[\"'\\]{0,8}[ \t]{0,8}[:=][ \t\"'\\]{0,8}"
        r"(?:(?:bearer|basic|digest|negotiate|sharedkey|sharedaccesssignature|token)[ \t]{1,8})?"
        r"(?P<v>[^\s\"'\\<>,;]+)",
        "authorization",
    ),
    _casual("COOKIE", r"\b(?:set-)?cookie[\"']?[ \t]{0,8}:[ \t\"']{0,8}(?P<v>[^\"'\r\n]+)", "cookie"),
    # The run before "@" starts after "//", so there is one start per run of characters without a slash.
    _pattern("URL_PASSWORD", r"://[^\s/?#:@\"'<>]*:(?P<v>[^\s/?#\"'<>]+)@", "://"),
    _casual(
        "SECRET",
        r"<[\w:.-]{0,40}?(?:password|passwd|pwd|secret|token|api_?key|access_?key|account_?key)>(?P<v>[^<]+)<",
        "<",
    ),
    _casual(
        "SECRET",
        r"--(?:[a-z]{1,20}-){0,2}(?:password|passwd|secret|token|api-?key)"
        r"[ \t]{1,8}[\"']?(?P<v>[^\s\"'=-][^\s\"']*)",
        "--",
    ),
)

# No token is as short, and a key needs a sign between itself and its value (a test tries every such text it can
# think of). Words like these are most of what the record is given.
_TOO_PLAIN = re.compile(r"[A-Za-z0-9_ ]{0,18}")

_EMAIL = re.compile(r"(?<![\w.%+-])[\w.%+-]+@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,}")


def find_secrets(text: str, *, emails: bool) -> list[Span]:
    """Every secret that some pattern sees in `text`, in the order of the patterns; spans may overlap.

    What is a placeholder already is not reported again.
    """
    if _TOO_PLAIN.fullmatch(text):
        return []
    folded = text.casefold()
    spans = [
        Span(*found.span("v"), pattern.kind)
        for pattern in PATTERNS
        if pattern.hint in (folded if pattern.in_any_case else text)
        for found in pattern.regex.finditer(text)
    ]
    spans += (Span(start, end, "JWT") for start, end in find_jwts(text))
    if any(hint in folded for hint in _KEY_HINTS):
        spans += (Span(start, end, "SECRET") for start, end in find_key_values(text))
    if emails and "@" in text:
        spans += (Span(*found.span(), "EMAIL") for found in _EMAIL.finditer(text))
    return [span for span in spans if not _MASKED_WHOLE.fullmatch(text, span.start, span.end)]


_JWT_RUN = re.compile(r"[A-Za-z0-9_.-]+")


def find_jwts(text: str) -> list[tuple[int, int]]:
    """Spans of JSON Web Tokens: in a run of their alphabet, from the header's `eyJ` to the end of the run.

    A token cut after its claims counts too. Not one regular expression, because a text of repeated `eyJ`
    would make it quadratic.
    """
    if "eyJ" not in text:
        return []
    spans = []
    for run in _JWT_RUN.finditer(text):
        start = run[0].find("eyJ")
        if start < 0:
            continue
        header, _, rest = run[0][start:].partition(".")
        # A short first part with two more behind it: an `eyJ` was glued in front of the real header.
        if (len(header) >= 12 and rest) or "." in rest:
            spans.append((run.start() + start, run.end()))
    return spans


_KEY = re.compile(
    r"""
    (?P<key>
        pass(?:word|wd|phrase|code)
      | pwd
      | secret
      | token
      | api[_\-. ]?key
      | account[_\-. ]?key(?:\.[a-z0-9_.-]{1,120})?
      | (?:shared[_\-. ]?)?access[_\-. ]?key(?![_\-. ]?name)
      | (?:secret|private|signing|encryption|subscription|storage|functions?|master)[_\-. ]?key
    )
    (?:[_\-.]?(?:value|\d{1,2}))?
    (?P<closing>\\{0,8}["'])?
    (?P<sep>[ \t]{0,8}(?: := | => | ==? | %3d | : )[ \t]{0,8})
    (?P<quote>\\{0,8}["'])?
    """,
    re.IGNORECASE | re.VERBOSE,
)
_KEY_HINTS = ("pass", "pwd", "secret", "token", "key")
_QUOTE_OR_LINE_END = re.compile(r"(?<!\\)(\\*)([\"'])|(\n)")
# A comma or an ampersand ends a value only where the next pair, a blank or the end follows: passwords hold
# both.
_BARE_VALUE = re.compile(
    r"(?: [^\s\"'<>;&,\\] | \\(?![\"']) | &(?![\w.%-]{1,64}=) | ,(?![\s\"'{\[]|[\w.%-]{1,64}[=:]|\Z) )+",
    re.VERBOSE,
)
_LONGEST_KEY = 64
_KEY_FOLLOWS = re.compile(r"(?:\\{0,8}[\"'])?[ \t]{0,8}(?:[:=]|%3d)", re.IGNORECASE)
_STRUCTURE = re.compile(r"[{\[]\s*(?:[\"'{}\[\]\\]|\Z)")
_SAYS_NOTHING = frozenset({"null", "none", "nil", "true", "false", "undefined", "*", "...", ""})


def find_key_values(text: str) -> list[tuple[int, int]]:
    """Spans of the values in pairs whose key names a secret, in query strings, JSON (also inside JSON),
    connection strings, properties files and logs. Ascending; where a value is also the next pair's key
    (`password="token": "..."`), spans may overlap."""
    spans: list[tuple[int, int]] = []
    position = 0
    while found := _KEY.search(text, position):
        position = found.end()
        if _is_parser_talk(text, found):
            continue
        start, end = _value_span(text, found)
        end = start + len(_without_closers(text[start:end]))
        if text[start:end].strip("*").lower() in _SAYS_NOTHING:
            continue
        spans.append((start, end))
        if not _may_be_a_key(text, start, end):
            position = end
    return spans


def _may_be_a_key(text: str, start: int, end: int) -> bool:
    """Whether a value is perhaps the next pair's key. Only short ones: searching long ones again would make
    a run of `password=password=` quadratic."""
    return end - start <= _LONGEST_KEY and (
        text[start:end].endswith((":", "=")) or _KEY_FOLLOWS.match(text, end) is not None
    )


def _without_closers(value: str) -> str:
    """`value` without the brackets it ends in, which belong to the text around; a placeholder keeps its
    own.
    """
    kept = len(value.rstrip(_CLOSERS))
    for found in PLACEHOLDER.finditer(value):
        kept = max(kept, found.end())
    return value[:kept]


def _is_parser_talk(text: str, found: re.Match[str]) -> bool:
    """`unexpected token: FROM` is a parser speaking of its input, and often the whole error."""
    return (
        found["key"].lower() == "token"
        and ":" in found["sep"]
        and not found["closing"]
        and text[max(0, found.start() - 11) : found.start()].lower() == "unexpected "
    )


def _value_span(text: str, found: re.Match[str]) -> tuple[int, int]:
    start = found.end()
    if found["quote"]:
        return start, _closing_quote(text, start, found["quote"])
    if text.startswith("{", start) and not _STRUCTURE.match(text, start):
        brace = text.find("}", start, start + 512)  # ODBC quotes with braces: PWD={a;b}
        if brace > 0 and "\n" not in text[start:brace]:
            return start + 1, brace
    if _STRUCTURE.match(text, start) and not text.startswith("[[REDACTED_", start):
        return start, start
    bare = _BARE_VALUE.match(text, start)
    return (start, bare.end()) if bare else (start, start)


def _closing_quote(text: str, start: int, quote: str) -> int:
    """Where the quoted value ends: at its own kind of quote with no more backslashes than the opening one,
    else at the end of the line (a text cut inside the value)."""
    depth, mark = len(quote) - 1, quote[-1]
    for found in _QUOTE_OR_LINE_END.finditer(text, start):
        if found[3] or (found[2] == mark and len(found[1]) <= depth):
            return found.start()
    return len(text)
