"""Nodes of the Atlassian Document Format, built so that what Jira refuses cannot be expressed. Pure.

A text node must not be empty and a list, a list item and a table need a child (@atlaskit/adf-schema), so
every builder of text gives a list that may be empty, and every builder of a block gives None where nothing
is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from integrations.wording import clean, is_web_address

Node = dict[str, Any]


def document(blocks: Iterable[Node | None]) -> Node:
    """The whole document. Jira takes one without content, people do not: give it at least one block."""
    return {"version": 1, "type": "doc", "content": _present(blocks)}


def text(value: str, *marks: Node) -> list[Node]:
    """Inline nodes for `value`; line ends become hard breaks. Empty for empty text."""
    nodes: list[Node] = []
    for number, line in enumerate(clean(value).split("\n")):
        if number:
            nodes.append({"type": "hardBreak"})
        if line.strip():
            nodes.append({"type": "text", "text": line, **({"marks": list(marks)} if marks else {})})
    return nodes if any(node["type"] == "text" for node in nodes) else []


def strong(value: str) -> list[Node]:
    return text(value, {"type": "strong"})


def link(label: str, url: str) -> list[Node]:
    """A link, or its label as plain text where `url` is not a web address."""
    address = clean(url)
    if not is_web_address(address):
        return text(label)
    return text(label, {"type": "link", "attrs": {"href": address}})


def paragraph(*parts: Sequence[Node]) -> Node | None:
    """A paragraph of the parts that hold something, with a blank between them."""
    content: list[Node] = []
    for part in filter(None, parts):
        content += [{"type": "text", "text": " "}, *part] if content else part
    return {"type": "paragraph", "content": content} if content else None


def heading(value: str, level: int = 3) -> Node:
    return {"type": "heading", "attrs": {"level": level}, "content": text(value)}


def panel(kind: str, blocks: Iterable[Node | None]) -> Node | None:
    """`kind` is one of info, note, success, warning, error."""
    content = _present(blocks)
    return {"type": "panel", "attrs": {"panelType": kind}, "content": content} if content else None


def bullet_list(items: Iterable[Node | None]) -> Node | None:
    return _list("bulletList", items)


def ordered_list(items: Iterable[Node | None]) -> Node | None:
    return _list("orderedList", items)


def code_block(value: str) -> Node | None:
    """Text as it is, in one node without marks: a code block takes no other."""
    value = clean(value)
    return {"type": "codeBlock", "content": [{"type": "text", "text": value}]} if value else None


def table(rows: Iterable[tuple[str, Sequence[Node]]]) -> Node | None:
    """Two columns, the name as the row's header; rows without a value are left out."""
    content = [_row(name, value) for name, value in rows if value]
    return {"type": "table", "content": content} if content else None


def _row(name: str, value: Sequence[Node]) -> Node:
    return {
        "type": "tableRow",
        "content": [
            {"type": "tableHeader", "content": _present([paragraph(strong(name))])},
            {"type": "tableCell", "content": _present([paragraph(value)])},
        ],
    }


def _list(kind: str, paragraphs: Iterable[Node | None]) -> Node | None:
    items = [{"type": "listItem", "content": [node]} for node in _present(paragraphs)]
    return {"type": kind, "content": items} if items else None


def _present(blocks: Iterable[Node | None]) -> list[Node]:
    return [block for block in blocks if block is not None]
