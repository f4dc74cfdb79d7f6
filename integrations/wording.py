"""Small words and cuts that every message to people shares. Pure."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff\ud800-\udfff]")
# Characters that reorder or hide what is around them: a name that reads backwards misleads people.
_INVISIBLE = re.compile("[\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069]")
_BLANKS = re.compile(r"\s+")


def clean(text: str) -> str:
    """`text` without control, direction and half characters, with plain line ends and no outer blanks."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _INVISIBLE.sub("", _UNPRINTABLE.sub(" ", text)).strip()


def one_line(text: str, limit: int) -> str:
    """`text` on one line of at most `limit` characters."""
    return cut(_BLANKS.sub(" ", clean(text)), limit)


def cut(text: str, limit: int) -> str:
    """`text` in at most `limit` characters; what was cut shows as an ellipsis."""
    if len(text) <= limit:
        return text
    return text[: max(limit - 1, 0)].rstrip() + "…" if limit > 0 else ""


def is_web_address(url: str) -> bool:
    """Whether people may be given this as a link."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc) and not any(c.isspace() for c in url)
