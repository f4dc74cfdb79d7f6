"""Jira: one issue per ticket, moved when the ticket moves, and told of a better analysis."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.utils import timezone

from audit import actions
from integrations.deliveries import planning, release
from integrations.deliveries.acts import Act, BaseAct, NotNeededError, NotYetError, Result, Work
from integrations.deliveries.escalating import still_wanted
from integrations.deliveries.notices import analysis_digest, notice_of
from integrations.errors import IntegrationError
from integrations.jira.client import JiraClient
from integrations.jira.config import JiraConfig
from integrations.jira.document import (
    PRIORITY_NAMES,
    analysis_comment,
    issue_fields,
    plain_comment,
    unique_label,
)
from integrations.models import ACTIVE, Delivery, JiraIssue, Operation
from tickets.models import Ticket

# Jira's search learns of an issue some seconds after it was made; before that an empty answer proves nothing.
SEARCH_LAG = timedelta(seconds=10)
# A move is three calls, a create two: together less than the lease of a claim.
DEADLINE_SECONDS = 14.0
ISSUE_WAIT_SECONDS = 60.0


def _client() -> JiraClient:
    return JiraClient(replace(JiraConfig.from_settings(), deadline=DEADLINE_SECONDS))


class CreateIssue(BaseAct):
    sent_action = actions.JIRA_CREATED

    def tell(self, work: Work) -> Result:
        client = _client()
        key = self._find(work, client)
        if key:
            return Result(key, f"{key} was there already", {"itsm_ticket_id": key})
        fields = issue_fields(
            notice_of(work.ticket),
            project_key=client.config.project_key,
            issue_type=client.config.issue_type,
        )
        work.about_to_act(analysis_digest(work.ticket))
        key = client.create_issue(fields)
        return Result(key, f"created {key}", {"itsm_ticket_id": key})

    def _find(self, work: Work, client: JiraClient) -> str:
        """The issue that carries this ticket's label; "" when it is certain that there is none."""
        try:
            found = client.find_by_label(unique_label(work.ticket.key))
        except IntegrationError as error:
            if error.permanent and not work.must_look:
                return ""  # nobody may search here, but nothing was ever sent either
            raise
        if found:
            return found[0]
        if work.delivery.uncertain_since is not None:
            left = work.delivery.uncertain_since + SEARCH_LAG - work.renew()
            if left > timedelta(0):
                raise NotYetError(min(left.total_seconds(), 3.0))
        return ""

    def follow_up(self, ticket: Ticket, delivery: Delivery, result: Result) -> None:
        JiraIssue.objects.update_or_create(ticket=ticket, defaults={"key": result.remote_id})
        release.slack_post(ticket)
        release.jira_issue(ticket)
        planning.want_transition(ticket)
        planning.want_comment(ticket)

    def give_way(self, ticket: Ticket) -> None:
        release.slack_post(ticket)


class MoveIssue(BaseAct):
    def tell(self, work: Work) -> Result:
        category = planning.CATEGORY_OF_STATUS[work.ticket.status]
        issue = JiraIssue.objects.filter(ticket=work.ticket).first()
        if issue is None:
            raise NotNeededError("The ticket has no Jira issue.")
        if issue.category == category:
            return Result(issue.key, "it is there already")
        has_moved = _client().transition_to_category(issue.key, category)
        said = f"moved to {planning.NAME_OF_CATEGORY[category]}" if has_moved else "it is there already"
        return Result(issue.key, said, category=category)

    def follow_up(self, ticket: Ticket, delivery: Delivery, result: Result) -> None:
        if result.category:
            known = JiraIssue.objects.filter(ticket=ticket)
            known.update(category=result.category, changed_at=timezone.now())


class CommentOnIssue(BaseAct):
    sent_action = actions.JIRA_COMMENTED

    def tell(self, work: Work) -> Result:
        issue = _issue_of(work)
        client, document = _client(), _comment(work)
        if work.must_look and (found := client.find_comment(issue.key, document)):
            return Result(found, "it was there already")
        work.about_to_act()
        return Result(client.add_comment(issue.key, document), f"commented on {issue.key}")


def _issue_of(work: Work) -> JiraIssue:
    """The ticket's issue. Raises NotYetError while it is still to be made, NotNeededError where there is none."""
    issue = JiraIssue.objects.filter(ticket=work.ticket).first()
    if issue is not None:
        return issue
    create = Delivery.objects.filter(ticket=work.ticket, operation=Operation.CREATE, state__in=ACTIVE)
    if create.exists():
        raise NotYetError(ISSUE_WAIT_SECONDS)
    raise NotNeededError("The ticket has no Jira issue.")


def _comment(work: Work) -> dict[str, Any]:
    content = work.delivery.content
    if "text" in content:
        return plain_comment(str(content["text"]))
    if analysis_digest(work.ticket) != work.delivery.digest:
        raise NotNeededError("A later analysis has taken its place.")
    return analysis_comment(notice_of(work.ticket))


class RaisePriority(BaseAct):
    """Of the issue alone: the ticket keeps the priority that its SLA was judged by."""

    sent_action = actions.ESCALATION_SENT

    def tell(self, work: Work) -> Result:
        wanted = raised(work.ticket.priority, str(still_wanted(work)["target"]))
        issue = _issue_of(work)
        if not wanted:
            raise NotNeededError(f"{work.ticket.priority} cannot be raised that way.")
        if not _client().update_priority(issue.key, wanted):
            raise NotNeededError("The project has no priority of that name.")
        return Result(issue.key, f"{issue.key} raised to {PRIORITY_NAMES[wanted]}")


def raised(priority: str, target: str) -> str:
    """The priority to give the issue: `target` where it is higher, one higher where none is named; "" for neither."""
    order = sorted(PRIORITY_NAMES)
    place = order.index(priority)
    wanted = target.strip().upper() or (order[place - 1] if place else "")
    return wanted if wanted in order and order.index(wanted) < place else ""


ACTS: dict[str, Act] = {
    Operation.CREATE: CreateIssue(),
    Operation.TRANSITION: MoveIssue(),
    Operation.COMMENT: CommentOnIssue(),
    Operation.ESCALATE: RaisePriority(),
}
