"""Masking of secrets in text and in nested JSON, before either is stored, shown, sent or put into a prompt.

The lowest module of the project: standard library only, no settings, no models. Two faces over one engine:
`redact` for the record (a placeholder per kind), and `Redactor` for one analysis (numbered placeholders that
the same object can put back). Every pattern runs in time linear in the text, because the text is whatever a
failing job cared to print.
Masking too much is a nuisance, masking too little is an incident: doubtful cases are masked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from audit.secret_patterns import PLACEHOLDER, Span, find_secrets

_MAX_ROUNDS = 4
_MAX_DEPTH = 200

Namer = Callable[[str, str], str]
"""Takes the kind and the secret, returns the placeholder that stands for it."""

_SENSITIVE_KEY_ENDS = (
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "accountkey",
    "sharedaccesskey",
    "storagekey",
    "privatekey",
    "secretkey",
    "signingkey",
    "encryptionkey",
    "subscriptionkey",
    "functionkey",
    "masterkey",
    "authorization",
    "cookie",
    "connectionstring",
    "credential",
    "credentials",
    "sastoken",
    "xhubsignature",
    "xslacksignature",
)


def redact(text: str, *, emails: bool = False) -> str:
    """Return `text` with every secret replaced by `[[REDACTED_<KIND>]]`; e-mail addresses only when asked.

    Applying it twice changes nothing more.
    """
    return _mask(text, lambda kind, _secret: f"[[REDACTED_{kind}]]", emails=emails)


class Redactor:
    """Masks the texts of one analysis with numbered placeholders, and can put the originals back.

    The same secret gets the same placeholder in every text, so a model can still see that two lines speak of
    the same account. It lives as long as the analysis and is never stored: it holds the secrets.
    """

    def __init__(self, *, emails: bool = True) -> None:
        self._emails = emails
        self._placeholder_of: dict[tuple[str, str], str] = {}
        self._original_of: dict[str, str] = {}
        self._foreign: set[str] = set()
        self._counts: dict[str, int] = {}

    @property
    def counts(self) -> dict[str, int]:
        """How many different values of each kind have been masked so far."""
        return dict(self._counts)

    def redact(self, text: str) -> str:
        """Return `text` with every secret, and every e-mail address if so chosen, behind a numbered
        placeholder.
        """
        # Text may already hold something that looks like a placeholder. It must not be answered with a secret
        # later, so its name is never given out.
        self._foreign.update(set(PLACEHOLDER.findall(text)) - self._original_of.keys())
        return _mask(text, self._name, emails=self._emails)

    def restore(self, text: str) -> str:
        """Put the originals back where `text` holds this object's placeholders; others stay as they are."""
        return PLACEHOLDER.sub(lambda found: self._original_of.get(found[0], found[0]), text)

    def _name(self, kind: str, secret: str) -> str:
        secret = self.restore(secret)  # a value around an already masked part is kept whole
        known = self._placeholder_of.get((kind, secret))
        if known is not None:
            return known
        number = self._counts.get(kind, 0) + 1
        placeholder = f"[[REDACTED_{kind}_{number}]]"
        skipped = 0
        while placeholder in self._foreign or placeholder in self._original_of:
            skipped += 1
            placeholder = f"[[REDACTED_{kind}_{number + skipped}]]"
        self._counts[kind] = number
        self._placeholder_of[kind, secret] = placeholder
        self._original_of[placeholder] = secret
        return placeholder


def mask_mapping(details: Mapping[str, object]) -> dict[str, object]:
    """Return a copy of nested JSON fit for the record.

    Values under keys such as `password`, `clientSecret`, `x-api-key` or `Authorization` are masked whole,
    whatever their type; all other strings, keys included, pass through `redact`. Tuples become lists; what
    is nested more than 200 levels deep is replaced by a placeholder.
    """
    return {redact(str(key)): _mask_entry(str(key), value, depth=1) for key, value in details.items()}


def is_sensitive_key(key: str) -> bool:
    """Whether a value under this key is a secret by its name alone."""
    plain = re.sub(r"[^a-z0-9]", "", key.lower())
    return plain == "sig" or plain.endswith(_SENSITIVE_KEY_ENDS)


def _mask_entry(key: str, value: object, *, depth: int) -> object:
    if is_sensitive_key(key) and value is not None and not isinstance(value, bool) and value != "":
        return "[[REDACTED_SECRET]]"
    return _mask_value(value, depth=depth)


def _mask_value(value: object, *, depth: int) -> object:
    if isinstance(value, str):
        return redact(value)
    if not isinstance(value, Mapping | list | tuple):
        return value
    if depth >= _MAX_DEPTH:
        return "[[REDACTED_TOO_DEEP]]"
    if isinstance(value, Mapping):
        return {redact(str(key)): _mask_entry(str(key), item, depth=depth + 1) for key, item in value.items()}
    return [_mask_value(item, depth=depth + 1) for item in value]


def _mask(text: str, name: Namer, *, emails: bool) -> str:
    """Mask until nothing changes: one mask may bring another secret's left border to light."""
    for _ in range(_MAX_ROUNDS):
        masked = _mask_once(text, name, emails=emails)
        if masked == text:
            break
        text = masked
    return text


def _mask_once(text: str, name: Namer, *, emails: bool) -> str:
    """Find every secret in the text as it stands, then replace. Spans that overlap become one: were they
    replaced pattern by pattern, the first could eat the prefix by which the next is known."""
    pieces: list[str] = []
    done = 0
    for start, end, kind in _merged(find_secrets(text, emails=emails)):
        pieces += (text[done:start], name(kind, text[start:end]))
        done = end
    pieces.append(text[done:])
    return "".join(pieces)


def _merged(spans: list[Span]) -> Iterator[Span]:
    """Join overlapping spans; the widest part, on a tie the pattern listed first, gives the kind."""
    current: Span | None = None
    widest = 0
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if current is None or span.start >= current.end:
            if current is not None:
                yield current
            current, widest = span, span.end - span.start
            continue
        kind = current.kind
        if span.end - span.start > widest:
            kind, widest = span.kind, span.end - span.start
        current = Span(current.start, max(current.end, span.end), kind)
    if current is not None:
        yield current
