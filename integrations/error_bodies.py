"""What a vendor's refusal says: its own code and its own sentence, out of any of the bodies that occur.

Pure. The text is untrusted and is cut to 300 characters; it is shown to people, never interpreted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

MAX_EXCERPT = 300
_LOOK_AT = 64 * 1024
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_XML_FIELD = re.compile(r"<(Code|Message)>(.*?)</\1>", re.DOTALL)
_SPACE = re.compile(r"\s+")
_MASK = "***"


def read_error_body(body: bytes, secrets: Iterable[str] = ()) -> tuple[str, str]:
    """(code, message) of an error answer; each "" where the body has none.

    `secrets` are masked first: a vendor may echo what it was sent, and a cut could leave half of it.

    Understood: Azure Resource Manager and Google (`error.code`, `error.message`), Entra (`error`,
    `error_description`), Databricks (`error_code`, `message`), Jira (`errorMessages`, `errors`), Azure Blob's
    XML, an HTML page (its title), plain text.
    """
    text = mask(body.decode("utf-8", "replace"), secrets).strip()
    if not text:
        return "", ""
    if text[0] in "{[":
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            return "", _excerpt(text)
        return _from_json(document) if isinstance(document, dict) else ("", _excerpt(text))
    if looks_like_html(body):
        title = _TITLE.search(text, 0, _LOOK_AT)
        return "", _excerpt(f"an HTML page: {title.group(1)}" if title else "an HTML page without a title")
    if text.startswith("<"):
        fields = dict(_XML_FIELD.findall(text[:_LOOK_AT]))
        return _excerpt(fields.get("Code", "")), _excerpt(fields.get("Message", ""))
    return "", _excerpt(text)


def looks_like_html(body: bytes) -> bool:
    """Whether a body is a page for people: a sign-in form, a proxy's notice, a gateway's error."""
    head = body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return head.startswith((b"<!doctype html", b"<html", b"<head", b"<body"))


def mask(text: str, secrets: Iterable[str]) -> str:
    """`text` without the given secrets; those under six characters would mask ordinary words and are left."""
    for secret in secrets:
        if len(secret) >= 6:
            text = text.replace(secret, _MASK)
    return text


def _from_json(document: dict[str, Any]) -> tuple[str, str]:
    error = document.get("error")
    if isinstance(error, dict):
        # Google puts the number into `code` and the name into `status`; Azure has only a name in `code`.
        code = error.get("status") if isinstance(error.get("code"), int) else error.get("code")
        return _excerpt(code), _excerpt(error.get("message"))
    if isinstance(error, str):
        return _excerpt(error), _excerpt(document.get("error_description") or document.get("message"))
    if "error_code" in document:
        return _excerpt(document["error_code"]), _excerpt(document.get("message"))
    if "errorMessages" in document or "errors" in document:
        return "", _excerpt("; ".join(_jira_sentences(document)))
    return _excerpt(document.get("code")), _excerpt(document.get("message") or document.get("detail"))


def _jira_sentences(document: dict[str, Any]) -> list[str]:
    messages = document.get("errorMessages")
    sentences = [str(item) for item in messages] if isinstance(messages, list) else []
    fields = document.get("errors")
    if isinstance(fields, dict):
        sentences += [f"{name}: {reason}" for name, reason in fields.items()]
    return sentences


def _excerpt(value: object) -> str:
    if value is None or isinstance(value, dict | list):
        return ""
    text = _SPACE.sub(" ", str(value)).strip()
    return text if len(text) <= MAX_EXCERPT else text[: MAX_EXCERPT - 1] + "…"
