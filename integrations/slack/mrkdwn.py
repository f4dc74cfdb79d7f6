"""Untrusted text inside Slack's markup. Pure.

Slack reads `<…>` as a mention, a channel or a link, so `&`, `<` and `>` become entities; every text object
is sent `verbatim`, so bare addresses and names are not turned into links and mentions either.
"""

from __future__ import annotations

from typing import Any

from integrations.wording import clean, is_web_address, one_line

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_URL_ESCAPES = str.maketrans({"<": "%3C", ">": "%3E", "|": "%7C", '"': "%22", "&": "&amp;"})


def escaped(text: str, limit: int) -> str:
    """`text` with its markup made harmless, at most `limit` characters after escaping, never half an
    entity.
    """
    text = clean(text)
    pieces: list[str] = []
    left = limit
    for position, character in enumerate(text):
        piece = _ENTITIES.get(character, character)
        reserve = 0 if position == len(text) - 1 else 1  # room for the ellipsis
        if len(piece) + reserve > left:
            return "".join(pieces).rstrip() + ("…" if limit > 0 else "")
        pieces.append(piece)
        left -= len(piece)
    return "".join(pieces)


def escaped_line(text: str, limit: int) -> str:
    return escaped(one_line(text, limit), limit)


def code(text: str, limit: int) -> str:
    """A fenced block; backticks inside cannot close it."""
    inside = escaped(text.replace("`", "'"), max(limit - 6, 0))
    return f"```{inside}```" if inside else ""


def link(label: str, url: str) -> str:
    """A link, or only its label where `url` is not a web address."""
    address = url.strip().translate(_URL_ESCAPES)
    shown = escaped_line(label, 200).replace("|", "/")
    return f"<{address}|{shown}>" if is_web_address(url.strip()) and len(address) < 2_000 else shown


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def plain(text: str, limit: int) -> dict[str, Any]:
    """A plain text object of one line; Slack refuses an empty one."""
    return {"type": "plain_text", "text": one_line(text, limit) or "-", "emoji": True}
