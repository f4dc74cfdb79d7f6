"""Calls to one Jira Cloud project (REST v3). Every method raises IntegrationError and nothing else.

Jira knows no idempotency key. `create_issue` therefore never repeats a request that may have arrived; after
an `outcome_unknown` the caller looks with `find_by_label` before it creates again.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from integrations import http
from integrations.errors import IntegrationError
from integrations.jira.advice import advised, names_field
from integrations.jira.config import VENDOR, JiraConfig
from integrations.jira.document import COMMON_LABEL, PRIORITY_NAMES
from integrations.reading import at, objects, text

MAX_RECONCILED = 50


@dataclass(frozen=True, slots=True)
class JiraStatus:
    """`category` is `new`, `indeterminate` or `done`, whatever the workflow calls its states."""

    name: str
    category: str


@dataclass(frozen=True, slots=True)
class Transition:
    id: str
    name: str
    target: JiraStatus


@dataclass(frozen=True, slots=True)
class JiraClient:
    """Cheap to make; holds no connection of its own."""

    config: JiraConfig

    def create_issue(self, fields: Mapping[str, Any]) -> str:
        """Create an issue and return its key; without a priority where the project has no such field."""
        try:
            return self._create(fields)
        except IntegrationError as error:
            # Jira checks all fields before it creates: after a 400 there is no issue, so this is no second
            # one.
            if error.status != 400 or "priority" not in fields or not names_field(error, "priority"):
                raise
        return self._create({name: value for name, value in fields.items() if name != "priority"})

    def find_by_label(self, label: str, *, reconcile: Sequence[int] = ()) -> list[str]:
        """Keys of the project's issues with this label, oldest first.

        The search lags behind writes by seconds. Ids (numbers) of issues known to exist can be given to
        `reconcile`, at most 50, so that their newest state counts; an issue whose id is not known, because
        the answer was lost, may be missing until the index has it.
        """
        jql = (
            f"project = {_quoted(self.config.project_key)} AND labels = {_quoted(label)} ORDER BY created ASC"
        )
        body: dict[str, Any] = {"jql": jql, "fields": ["status"], "maxResults": 50}
        if reconcile:
            body["reconcileIssues"] = list(reconcile[:MAX_RECONCILED])
        answer = self._call("POST", "search/jql", json=body)
        return [key for issue in objects(answer, "issues") if (key := text(issue, "key"))]

    def get_status(self, key: str) -> JiraStatus:
        answer = self._call("GET", f"issue/{_path(key)}", params={"fields": "status"})
        return _status(at(answer, "fields", "status"))

    def transitions(self, key: str) -> list[Transition]:
        """What the workflow lets this user do with the issue now."""
        answer = self._call("GET", f"issue/{_path(key)}/transitions")
        return [
            Transition(text(entry, "id"), text(entry, "name"), _status(at(entry, "to")))
            for entry in objects(answer, "transitions")
        ]

    def transition_to_category(self, key: str, category: str) -> bool:
        """Move the issue by the first transition into `category`; False when it is there already.

        Raises a permanent IntegrationError that names the transitions there are when none leads there.
        """
        if self.get_status(key).category == category:
            return False
        possible = self.transitions(key)
        chosen = next((entry for entry in possible if entry.target.category == category), None)
        if chosen is None:
            names = ", ".join(entry.name for entry in possible)[:200] or "none"
            raise IntegrationError(
                f"{VENDOR}: no transition of {key} leads to the category {category}; there are: {names}",
                vendor=VENDOR,
                permanent=True,
                code="no_transition",
                advice=f"Add a transition into a status of that category, or let {self.config.email} use it.",
            )
        body = {"transition": {"id": chosen.id}}
        self._call("POST", f"issue/{_path(key)}/transitions", json=body, idempotent=False)
        return True

    def add_comment(self, key: str, document: Mapping[str, Any]) -> str:
        """Add a comment and return its id."""
        answer = self._call("POST", f"issue/{_path(key)}/comment", json={"body": document}, idempotent=False)
        return text(answer, "id")

    def find_comment(self, key: str, document: Mapping[str, Any]) -> str:
        """The id of the newest comment that says what `document` says, of the newest hundred; "" for none.

        Jira has no key for comments, so after a lost answer only the words can tell.
        """
        wanted = _words(document)
        params = {"maxResults": "100", "orderBy": "-created"}
        answer = self._call("GET", f"issue/{_path(key)}/comment", params=params)
        return next(
            (
                text(entry, "id")
                for entry in objects(answer, "comments")
                if _words(at(entry, "body")) == wanted
            ),
            "",
        )

    def recently_changed(self, minutes: int) -> dict[str, JiraStatus]:
        """Status by key of the desk's issues that changed in the last minutes, at most 500.

        The search lags behind by seconds: ask `get_status` before acting on a difference.
        """
        jql = (
            f"project = {_quoted(self.config.project_key)} AND labels = {_quoted(COMMON_LABEL)}"
            f" AND updated >= -{minutes}m ORDER BY updated ASC"
        )
        body: dict[str, Any] = {"jql": jql, "fields": ["status"], "maxResults": 100}
        found: dict[str, JiraStatus] = {}
        for _ in range(5):
            answer = self._call("POST", "search/jql", json=body)
            for issue in objects(answer, "issues"):
                found[text(issue, "key")] = _status(at(issue, "fields", "status"))
            body["nextPageToken"] = text(answer, "nextPageToken")
            if not body["nextPageToken"]:
                break
        return found

    def update_priority(self, key: str, priority: str) -> bool:
        """Set Jira's name for `P1` … `P4`; False where the project has no priority field or we no such
        name.
        """
        if priority not in PRIORITY_NAMES:
            return False
        body = {"fields": {"priority": {"name": PRIORITY_NAMES[priority]}}}
        try:
            self._call("PUT", f"issue/{_path(key)}", json=body)
        except IntegrationError as error:
            if error.status == 400 and names_field(error, "priority"):
                return False
            raise
        return True

    def issue_url(self, key: str) -> str:
        """Where a person reads the issue; "" where the API's address does not tell the site (scoped
        tokens).
        """
        is_gateway = "/ex/jira/" in self.config.base_url
        return "" if is_gateway else f"{self.config.base_url}/browse/{_path(key)}"

    def check(self) -> str:
        """One sentence on who we are and that the project and its issue type exist; raises otherwise."""
        person = text(self._call("GET", "myself"), "displayName")
        project = text(self._call("GET", f"project/{_path(self.config.project_key)}"), "name")
        answer = self._call("GET", f"issue/createmeta/{_path(self.config.project_key)}/issuetypes")
        types = [text(entry, "name") for entry in objects(answer, "issueTypes") or objects(answer, "values")]
        if self.config.issue_type not in types:
            raise IntegrationError(
                f"{VENDOR}: project {self.config.project_key} has no issue type {self.config.issue_type}",
                vendor=VENDOR,
                permanent=True,
                code="no_issue_type",
                advice=f"Set JIRA_ISSUE_TYPE to one of: {', '.join(types)[:200] or '(none may be created)'}.",
            )
        return f"signed in as {person}; project {project}; issues of type {self.config.issue_type}"

    def _create(self, fields: Mapping[str, Any]) -> str:
        answer = self._call("POST", "issue", json={"fields": fields}, idempotent=False)
        key = text(answer, "key")
        if key:
            return key
        raise IntegrationError(
            f"{VENDOR}: the answer to a create names no key",
            vendor=VENDOR,
            permanent=False,
            code="no_key",
            outcome_unknown=True,
        )

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: object | None = None,
        idempotent: bool = True,
    ) -> Any:
        credentials = b64encode(f"{self.config.email}:{self.config.token}".encode()).decode()
        try:
            response = http.request(
                VENDOR,
                method,
                f"{self.config.base_url}/rest/api/3/{path}",
                headers={"Authorization": f"Basic {credentials}", "Accept": "application/json"},
                params=params,
                json=json,
                idempotent=idempotent,
                deadline=self.config.deadline,
            )
            return response.json() if response.body else None
        except IntegrationError as error:
            raise advised(error) from error


def _status(document: object) -> JiraStatus:
    return JiraStatus(text(document, "name"), text(document, "statusCategory", "key"))


def _words(document: object) -> str:
    """All text of a document without blanks: what remains equal however Jira stores it."""
    own = "".join(text(document, "text").split())
    return own + "".join(_words(child) for child in objects(document, "content"))


def _quoted(value: str) -> str:
    """A JQL string."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _path(segment: str) -> str:
    return quote(segment, safe="")
