"""The requests that leave for Jira, and what its answers become."""

from __future__ import annotations

from base64 import b64decode

import pytest

from integrations.errors import IntegrationError
from integrations.jira.client import JiraClient, JiraStatus
from integrations.jira.config import JiraConfig
from integrations.jira.document import issue_fields, plain_comment
from tests.support.notices import full_notice
from tests.support.vendor_server import Answer, VendorServer, html, ok

CREATE = "/rest/api/3/issue"
FIELDS = issue_fields(full_notice(), project_key="OPS", issue_type="Bug")
CREATED = ok({"id": "10017", "key": "OPS-17", "self": "https://desk.test/rest/api/3/issue/10017"}, 201)


def refusal(status: int = 400, **errors: str) -> Answer:
    return ok({"errorMessages": [], "errors": errors}, status)


@pytest.fixture
def jira(vendor: VendorServer) -> JiraClient:
    return JiraClient(JiraConfig(vendor.url, "bot@desk.test", "tok-123456", "OPS", "Bug", deadline=5.0))


def test_create_sends_the_fields_as_the_bot_and_returns_the_key(
    vendor: VendorServer, jira: JiraClient
) -> None:
    vendor.on("POST", CREATE, CREATED)
    assert jira.create_issue(FIELDS) == "OPS-17"
    (sent,) = vendor.requests
    assert sent.json() == {"fields": FIELDS}
    assert b64decode(sent.headers["authorization"].removeprefix("Basic ")) == b"bot@desk.test:tok-123456"


def test_create_without_a_priority_field_is_repeated_without_it(
    vendor: VendorServer, jira: JiraClient
) -> None:
    vendor.on("POST", CREATE, refusal(priority="Field 'priority' cannot be set."), CREATED)
    assert jira.create_issue(FIELDS) == "OPS-17"
    assert ["priority" in sent.json()["fields"] for sent in vendor.requests] == [True, False]


def test_create_refused_for_another_field_is_not_repeated(vendor: VendorServer, jira: JiraClient) -> None:
    vendor.on("POST", CREATE, refusal(issuetype="Specify a valid issue type"))
    with pytest.raises(IntegrationError, match="issuetype: Specify a valid issue type") as caught:
        jira.create_issue(FIELDS)
    assert caught.value.permanent
    assert "JIRA_ISSUE_TYPE" in caught.value.advice
    assert len(vendor.requests) == 1


@pytest.mark.parametrize(
    "answer", [Answer(cut="before"), Answer(201, b'{"key"', cut="body"), ok({}, 500), ok({}, 201)]
)
def test_create_whose_outcome_is_unknown_is_sent_once_and_says_so(
    vendor: VendorServer, jira: JiraClient, answer: Answer
) -> None:
    vendor.on("POST", CREATE, answer)
    with pytest.raises(IntegrationError) as caught:
        jira.create_issue(FIELDS)
    assert caught.value.outcome_unknown
    assert not caught.value.permanent
    assert len(vendor.requests) == 1


@pytest.mark.parametrize(
    ("answer", "permanent", "advice"),
    [
        (html(401, "Unauthorized"), True, "JIRA_API_TOKEN"),
        (ok({"errorMessages": ["no permission"], "errors": {}}, 403), True, "transition issues"),
        (ok({"errorMessages": ["No project could be found"], "errors": {}}, 404), True, "JIRA_DOMAIN"),
        (ok({"errorMessages": ["conflict"], "errors": {}}, 409), False, "same moment"),
        (refusal(labels="Field 'labels' cannot be set."), True, "Labels"),
        (refusal(customfield_10010="Team is required."), True, "names it"),
    ],
)
def test_refusal_becomes_advice(
    vendor: VendorServer, jira: JiraClient, answer: Answer, permanent: bool, advice: str
) -> None:
    vendor.on("POST", CREATE, answer)
    with pytest.raises(IntegrationError) as caught:
        jira.create_issue(FIELDS)
    assert caught.value.permanent is permanent
    assert advice in caught.value.advice
    assert "tok-123456" not in str(caught.value)


def test_throttling_carries_the_wait_and_is_not_permanent(vendor: VendorServer, jira: JiraClient) -> None:
    vendor.on("POST", CREATE, ok({"errorMessages": ["Rate limit"]}, 429, Retry_After="37"))
    with pytest.raises(IntegrationError) as caught:
        jira.create_issue(FIELDS)
    assert (caught.value.permanent, caught.value.retry_after, caught.value.outcome_unknown) == (
        False,
        37.0,
        False,
    )


def test_search_is_bounded_to_project_and_label(vendor: VendorServer, jira: JiraClient) -> None:
    vendor.on("POST", "/rest/api/3/search/jql", ok({"issues": [{"id": "1", "key": "OPS-3"}], "isLast": True}))
    assert jira.find_by_label('a"b', reconcile=[10017]) == ["OPS-3"]
    sent = vendor.requests[0].json()
    assert sent["jql"] == 'project = "OPS" AND labels = "a\\"b" ORDER BY created ASC'
    assert sent["reconcileIssues"] == [10017]


def _status(name: str, category: str) -> dict[str, object]:
    return {"name": name, "statusCategory": {"key": category}}


def _issue(name: str, category: str) -> Answer:
    return ok({"key": "OPS-1", "fields": {"status": _status(name, category)}})


TRANSITIONS = ok(
    {
        "transitions": [
            {"id": "11", "name": "Start", "to": _status("In Arbeit", "indeterminate")},
            {"id": "31", "name": "Finish", "to": _status("Erledigt", "done")},
            {"id": "41", "name": "Drop", "to": _status("Verworfen", "done")},
        ]
    }
)


def test_transition_takes_the_first_into_the_category(vendor: VendorServer, jira: JiraClient) -> None:
    vendor.on("GET", f"{CREATE}/OPS-1", _issue("Offen", "new"))
    vendor.on("GET", f"{CREATE}/OPS-1/transitions", TRANSITIONS)
    vendor.on("POST", f"{CREATE}/OPS-1/transitions", Answer(204))
    assert jira.get_status("OPS-1") == JiraStatus("Offen", "new")
    assert jira.transition_to_category("OPS-1", "done")
    assert vendor.requests[-1].json() == {"transition": {"id": "31"}}


def test_transition_of_an_issue_already_there_sends_nothing(vendor: VendorServer, jira: JiraClient) -> None:
    vendor.on("GET", f"{CREATE}/OPS-1", _issue("Erledigt", "done"))
    assert not jira.transition_to_category("OPS-1", "done")
    assert [sent.method for sent in vendor.requests] == ["GET"]


def test_transition_that_the_workflow_lacks_is_permanent_and_names_what_there_is(
    vendor: VendorServer, jira: JiraClient
) -> None:
    vendor.on("GET", f"{CREATE}/OPS-1", _issue("Offen", "indeterminate"))
    vendor.on("GET", f"{CREATE}/OPS-1/transitions", TRANSITIONS)
    with pytest.raises(IntegrationError, match="Start, Finish, Drop") as caught:
        jira.transition_to_category("OPS-1", "new")
    assert caught.value.permanent


def test_comment_is_sent_as_a_document(vendor: VendorServer, jira: JiraClient) -> None:
    vendor.on("POST", f"{CREATE}/OPS-1/comment", ok({"id": "5"}, 201))
    assert jira.add_comment("OPS-1", plain_comment("better now")) == "5"
    assert vendor.requests[0].json()["body"]["type"] == "doc"


def test_priority_is_updated_and_its_absence_is_no_failure(vendor: VendorServer, jira: JiraClient) -> None:
    vendor.on("PUT", f"{CREATE}/OPS-1", Answer(204), refusal(priority="not on the screen"))
    assert jira.update_priority("OPS-1", "P1")
    assert vendor.requests[0].json() == {"fields": {"priority": {"name": "Highest"}}}
    assert not jira.update_priority("OPS-1", "P2")
    assert not jira.update_priority("OPS-1", "P9")
    assert len(vendor.requests) == 2


def test_key_from_outside_stays_one_path_segment(vendor: VendorServer, jira: JiraClient) -> None:
    with pytest.raises(IntegrationError):
        jira.get_status("../../3/myself?x=")
    assert vendor.requests[0].path == f"{CREATE}/..%2F..%2F3%2Fmyself%3Fx%3D"
    assert jira.issue_url("OPS-1") == f"{vendor.url}/browse/OPS-1"


def test_check_names_person_project_and_type_and_refuses_a_missing_type(
    vendor: VendorServer, jira: JiraClient
) -> None:
    vendor.on("GET", "/rest/api/3/myself", ok({"displayName": "Desk Bot"}))
    vendor.on("GET", "/rest/api/3/project/OPS", ok({"name": "Operations"}))
    types = "/rest/api/3/issue/createmeta/OPS/issuetypes"
    vendor.on("GET", types, ok({"issueTypes": [{"name": "Bug"}]}), ok({"issueTypes": [{"name": "Story"}]}))
    assert jira.check() == "signed in as Desk Bot; project Operations; issues of type Bug"
    with pytest.raises(IntegrationError, match="no issue type Bug") as caught:
        jira.check()
    assert "Story" in caught.value.advice
