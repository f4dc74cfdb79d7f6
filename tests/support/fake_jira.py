"""A Jira project with a memory: issues, labels, comments, a workflow of three states, a search that may lag."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import Any

from tests.support.faults import Faults
from tests.support.vendor_server import Answer, Received, VendorServer, ok

STATES = {
    "11": ("To Do", "new"),
    "21": ("In Progress", "indeterminate"),
    "31": ("Done", "done"),
}
_ISSUE = re.compile(r"/rest/api/3/issue/(?P<key>[A-Z]+-\d+)(?P<rest>/\w+)?")


@dataclass
class Issue:
    key: str
    fields: dict[str, Any]
    state: str = "11"
    made_at: float = field(default_factory=time.monotonic)
    comments: list[dict[str, Any]] = field(default_factory=list)
    moves: list[str] = field(default_factory=list)

    @property
    def status(self) -> dict[str, Any]:
        name, category = STATES[self.state]
        return {"name": name, "statusCategory": {"key": category}}


class FakeJira:
    """`search_lag` in seconds hides a new issue from the search, as Jira does."""

    def __init__(self, vendor: VendorServer, faults: Faults) -> None:
        self.vendor = vendor
        self.faults = faults
        self.issues: list[Issue] = []
        self.search_lag = 0.0
        vendor.under("/rest/api/3/", self._answer)

    def issue(self, key: str) -> Issue:
        return next(issue for issue in self.issues if issue.key == key)

    def _answer(self, request: Received) -> Answer:
        if request.path == "/rest/api/3/issue" and request.method == "POST":
            return self.faults.play("jira create", lambda: self._create(request.json()))
        if request.path == "/rest/api/3/search/jql":
            return self.faults.play("jira search", lambda: self._search(request.json()["jql"]))
        found = _ISSUE.fullmatch(request.path)
        issue = next((i for i in self.issues if found and i.key == found["key"]), None)
        if found is None or issue is None:
            return ok({"errorMessages": ["Issue does not exist"], "errors": {}}, 404)
        return self._on_issue(request, issue, found["rest"] or "")

    def _on_issue(self, request: Received, issue: Issue, rest: str) -> Answer:
        if rest == "" and request.method == "PUT":
            issue.fields.update(request.json()["fields"])
            return Answer(204)
        if rest == "":
            return ok({"key": issue.key, "fields": {"status": issue.status}})
        if rest == "/transitions" and request.method == "GET":
            return ok(
                {
                    "transitions": [
                        {"id": id_, "name": name, "to": {"name": name, "statusCategory": {"key": category}}}
                        for id_, (name, category) in STATES.items()
                    ]
                }
            )
        if rest == "/transitions":
            return self.faults.play(
                "jira transition", lambda: self._move(issue, request.json()["transition"]["id"])
            )
        if request.method == "GET":
            return ok({"comments": issue.comments})
        return self.faults.play("jira comment", lambda: self._comment(issue, request.json()["body"]))

    def _create(self, document: dict[str, Any]) -> Answer:
        issue = Issue(f"OPS-{len(self.issues) + 1}", document["fields"])
        self.issues.append(issue)
        return ok({"id": str(10_000 + len(self.issues)), "key": issue.key}, 201)

    def _search(self, jql: str) -> Answer:
        wanted = re.findall(r'labels = "([^"]+)"', jql)
        seen_before = time.monotonic() - self.search_lag
        found = [
            {"key": issue.key, "fields": {"status": issue.status}}
            for issue in self.issues
            if issue.made_at <= seen_before and set(wanted) <= set(issue.fields["labels"])
        ]
        return ok({"issues": found, "isLast": True})

    def _move(self, issue: Issue, transition: str) -> Answer:
        issue.state = transition
        issue.moves.append(STATES[transition][0])
        return Answer(204)

    def _comment(self, issue: Issue, body: dict[str, Any]) -> Answer:
        issue.comments.append({"id": str(500 + len(issue.comments)), "body": body})
        return ok(issue.comments[-1], 201)
