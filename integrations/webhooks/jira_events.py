"""Reading what Jira's webhook brings. Pure; untrusted JSON in, plain data out.

Fields as of Jira Cloud's and Server's issue events. Names of states are the customer's, so the category decides
where there is one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from integrations.reading import at, moment_iso, moment_ms, objects, text
from integrations.wording import one_line
from tickets.choices import Status

STATUS_OF_CATEGORY: dict[str, str] = {
    "new": Status.OPEN,
    "indeterminate": Status.IN_PROGRESS,
    "done": Status.ACKNOWLEDGED,
}
_CATEGORY_OF_NAME = {
    "done": "done", "resolved": "done", "closed": "done",
    "in progress": "indeterminate", "selected for development": "indeterminate", "in review": "indeterminate",
    "open": "new", "backlog": "new", "to do": "new", "reopened": "new",
}  # fmt: skip
_COMMENT_EVENTS = frozenset({"issue_commented", "comment_created"})


@dataclass(frozen=True, slots=True)
class Comment:
    id: str
    author: str
    text: str


@dataclass(frozen=True, slots=True)
class JiraEvent:
    """One event about one issue. `category` is "" where the status is unknown to us; `person` the display name;
    `happened_at` None where nothing tells; `is_ours` when the account that made the issue also made the change.
    """

    kind: str
    issue_key: str
    status_name: str = ""
    category: str = ""
    person: str = ""
    happened_at: datetime | None = None
    is_ours: bool = False
    comment: Comment | None = None


def read_event(document: dict[str, Any], own_email: str = "") -> JiraEvent:
    """`own_email` is the address that the desk signs in to Jira with."""
    kind = text(document, "webhookEvent") or text(document, "issue_event_type_name")
    status = at(document, "issue", "fields", "status")
    name = text(status, "name") or _changed_to(document)
    category = text(status, "statusCategory", "key")
    if category not in STATUS_OF_CATEGORY:
        category = _CATEGORY_OF_NAME.get(" ".join(name.lower().split()), "")
    user = document.get("user")
    return JiraEvent(
        kind=kind,
        issue_key=text(document, "issue", "key")[:64],
        status_name=one_line(name, 60),
        category=category,
        person=person_name(user),
        happened_at=moment_iso(document, "issue", "fields", "updated") or moment_ms(document, "timestamp"),
        is_ours=_is_ours(document, own_email),
        comment=_comment(document, kind),
    )


def person_name(user: object) -> str:
    found = text(user, "displayName") or text(user, "name") or text(user, "emailAddress")
    return one_line(found, 200) or "Jira"


def plain_text(body: object) -> str:
    """A comment's text: wiki markup as it is, a document's texts with a line per paragraph."""
    if isinstance(body, str):
        return text({"body": body}, "body")
    inside = [plain_text(child) for child in objects(body, "content")]
    if at(body, "type") == "hardBreak":
        return "\n"
    joined = "".join([text(body, "text") or text(body, "attrs", "text"), *inside])
    return f"{joined}\n" if at(body, "type") in {"paragraph", "heading", "codeBlock"} else joined


def _changed_to(document: dict[str, Any]) -> str:
    """The changelog's word: the only one in a body without the issue's fields."""
    changes = [item for item in objects(document, "changelog", "items") if text(item, "field") == "status"]
    return text(changes[-1], "toString") if changes else ""


def _is_ours(document: dict[str, Any], own_email: str) -> bool:
    user = document.get("user")
    account = text(user, "accountId")
    creator = text(document, "issue", "fields", "creator", "accountId")
    email = text(user, "emailAddress").lower()
    return bool(account and account == creator) or bool(own_email and email == own_email.lower())


def _comment(document: dict[str, Any], kind: str) -> Comment | None:
    names = {kind, text(document, "issue_event_type_name")}
    comment = document.get("comment")
    if not names & _COMMENT_EVENTS or not isinstance(comment, dict):
        return None
    said = plain_text(comment.get("body")).strip()
    return Comment(text(comment, "id")[:60], person_name(comment.get("author")), said[:20_000])
