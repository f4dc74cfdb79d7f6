"""What a person can do about each refusal of Jira. Pure."""

from __future__ import annotations

import re

from integrations.errors import IntegrationError

_FIELD_ADVICE = {
    "issuetype": "JIRA_ISSUE_TYPE is no type of this project; `manage.py check_integrations` lists them.",
    "project": "Check JIRA_PROJECT_KEY and that JIRA_USER_EMAIL may create issues in that project.",
    "labels": "Put Labels on the project's create screen: a lost answer is found again by a label.",
    "description": "Put the field Description on the project's create screen.",
}
_STATUS_ADVICE = {
    400: "Jira did not take a field; the message names it. What a project requires needs a default.",
    401: "Renew JIRA_API_TOKEN and check that it belongs to JIRA_USER_EMAIL.",
    403: "Let JIRA_USER_EMAIL browse, create, edit, comment and transition issues of the project.",
    404: "It does not exist, or JIRA_USER_EMAIL may not see it: check JIRA_DOMAIN and permissions.",
    409: "Somebody changed the issue at the same moment; it is tried again.",
    410: "Jira has removed this address of its API: the desk needs an update.",
    413: "Jira found the request too large.",
    429: "Jira asked for a pause and gets one.",
}


def advised(error: IntegrationError) -> IntegrationError:
    """The same error with advice, and with a conflict counted as passing: Jira answers 409 to two edits at
    once.
    """
    advice = next(
        (
            advice
            for field, advice in _FIELD_ADVICE.items()
            if error.status == 400 and names_field(error, field)
        ),
        _STATUS_ADVICE.get(error.status or 0, error.advice),
    )
    return IntegrationError(
        str(error),
        vendor=error.vendor,
        permanent=error.permanent and error.status != 409,
        retry_after=error.retry_after,
        status=error.status,
        code=error.code,
        advice=advice,
        outcome_unknown=error.outcome_unknown,
    )


def names_field(error: IntegrationError, field: str) -> bool:
    """Whether Jira's `errors` object has this field (it reads `field: reason` in the message)."""
    return re.search(rf"[:;] {re.escape(field)}: ", str(error)) is not None
