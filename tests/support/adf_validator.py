"""A strict validator of the part of the Atlassian Document Format that the project writes.

Stricter than Jira where it can be: a node, a mark or an attribute not named here is an error. The official
schema is checked too where `ADF_SCHEMA_PATH` names it (tests/integrations/test_jira_document.py).
"""

from __future__ import annotations

from typing import Any

_INLINE = {"text", "hardBreak"}
_CHILDREN = {
    "doc": {"panel", "heading", "paragraph", "bulletList", "orderedList", "codeBlock", "table"},
    "panel": {"paragraph", "heading", "bulletList", "orderedList"},
    "heading": _INLINE,
    "paragraph": _INLINE,
    "bulletList": {"listItem"},
    "orderedList": {"listItem"},
    "listItem": {"paragraph"},
    "codeBlock": {"text"},
    "table": {"tableRow"},
    "tableRow": {"tableHeader", "tableCell"},
    "tableHeader": {"paragraph"},
    "tableCell": {"paragraph"},
}
_PANEL_TYPES = {"info", "note", "tip", "warning", "error", "success"}
_MARKS = {"strong", "em", "code", "link"}


def problems(document: Any) -> list[str]:
    """What Jira would refuse, as `path: reason`; empty for a good document."""
    if not isinstance(document, dict) or set(document) != {"version", "type", "content"}:
        return ["doc: must have exactly version, type and content"]
    found = [] if document["version"] == 1 and document["type"] == "doc" else ["doc: version 1 of type doc"]
    return found + _children(document, "doc")


def texts(document: Any) -> list[str]:
    """Every text of the document, in order."""
    if document.get("type") == "text":
        return [document["text"]]
    return [text for child in document.get("content", []) for text in texts(child)]


def _children(node: dict[str, Any], path: str) -> list[str]:
    content = node.get("content")
    if not isinstance(content, list) or not content:
        return [f"{path}: content must be a list with a child"]
    found: list[str] = []
    for number, child in enumerate(content):
        kind = child.get("type") if isinstance(child, dict) else None
        where = f"{path}/{number}:{kind}"
        if kind not in _CHILDREN[node["type"]]:
            found.append(f"{where}: not allowed in {node['type']}")
        elif kind == "text":
            found += _text(child, where, is_code=node["type"] == "codeBlock")
        elif kind == "hardBreak":
            found += [f"{where}: takes no other keys"] if set(child) != {"type"} else []
        else:
            found += _attributes(child, where) + _children(child, where)
    return found


def _text(node: dict[str, Any], path: str, *, is_code: bool) -> list[str]:
    found = []
    if set(node) - {"type", "text", "marks"}:
        found.append(f"{path}: unknown keys")
    if not isinstance(node.get("text"), str) or not node["text"]:
        found.append(f"{path}: text must not be empty")
    elif any(0xD800 <= ord(character) <= 0xDFFF or character == "\0" for character in node["text"]):
        found.append(f"{path}: not encodable")
    marks = node.get("marks", [])
    if is_code and marks:
        found.append(f"{path}: a code block takes no marks")
    for mark in marks:
        if mark.get("type") not in _MARKS:
            found.append(f"{path}: unknown mark")
        elif mark["type"] == "link" and not str(mark.get("attrs", {}).get("href", "")).startswith("http"):
            found.append(f"{path}: a link needs a web address")
        elif mark["type"] != "link" and set(mark) != {"type"}:
            found.append(f"{path}: a mark takes no attributes")
    return found


def _attributes(node: dict[str, Any], path: str) -> list[str]:
    kind, attributes = node["type"], node.get("attrs", {})
    if set(node) - {"type", "attrs", "content"}:
        return [f"{path}: unknown keys"]
    if kind == "panel":
        is_good = attributes.get("panelType") in _PANEL_TYPES and len(attributes) == 1
    elif kind == "heading":
        is_good = attributes.get("level") in range(1, 7) and len(attributes) == 1
    else:
        is_good = "attrs" not in node
    return [] if is_good else [f"{path}: attributes"]
