"""Slack: one message per ticket, edited as the ticket changes, with replies in its thread."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

from audit import actions
from integrations.deliveries import planning, release
from integrations.deliveries.acts import Act, BaseAct, NotNeededError, NotYetError, Result, Work
from integrations.deliveries.escalating import mark_of, sentence, still_wanted
from integrations.deliveries.notices import digest, notice_of
from integrations.deliveries.sla_notices import WARNING
from integrations.errors import IntegrationError
from integrations.models import ACTIVE, Channel, Delivery, Operation, State
from integrations.notice import TicketNotice
from integrations.slack.blocks import (
    Message,
    Proposal,
    breach_reply,
    escalation_message,
    occurrence_reply,
    proposal_message,
    reply,
    ticket_message,
)
from integrations.slack.client import Posted, SlackClient
from integrations.slack.config import SlackConfig
from tickets.choices import SlaStatus
from tickets.models import Ticket
from tickets.policies import mention_markup

logger = logging.getLogger(__name__)

# Messages are looked for from a little before we asked: Slack's clock is not ours.
CLOCK_DIFFERENCE = timedelta(minutes=2)
_THREAD_WAIT_SECONDS = 60.0


def _client() -> SlackClient:
    return SlackClient(SlackConfig.from_settings())


def _posts_of(ticket: Ticket) -> Any:
    return Delivery.objects.filter(ticket=ticket, channel=Channel.SLACK, operation=Operation.POST)


def _digest_of(notice: TicketNotice) -> str:
    """Of what people see, without the number of reports: a storm is told in the thread, not by edits."""
    message = ticket_message(replace(notice, occurrences=1))
    return digest(json.dumps([message.text, message.blocks], ensure_ascii=False))


class PostMessage(BaseAct):
    sent_action = actions.SLACK_SENT

    def tell(self, work: Work) -> Result:
        client = _client()
        found = self._find(work, client) if work.must_look else None
        if found is not None:
            return _posted(found, "the message was there already")
        notice = notice_of(work.ticket)
        message = ticket_message(notice)
        work.about_to_act(_digest_of(notice))
        posted = client.post(_channel_of(work, client), message.text, message.blocks, message.metadata)
        return _posted(posted, "posted")

    def _find(self, work: Work, client: SlackClient) -> Posted | None:
        """The message that an earlier attempt may have left.

        Where the app may not read the channel nobody can tell, and it is posted again: a failure told twice is
        a nuisance, one told to nobody is an outage.
        """
        assert work.delivery.uncertain_since is not None
        try:
            channel_id = client.channel_id(_channel_of(work, client))
            work.renew()
            since = min(work.delivery.uncertain_since, work.delivery.created_at) - CLOCK_DIFFERENCE
            ts = client.find_posted(channel_id, work.ticket.key, since)
        except IntegrationError as error:
            if not error.permanent:
                raise
            logger.warning("%s: nobody can look for its message: %s", work.ticket.key, error)
            return None
        return Posted(channel_id, ts) if ts else None

    def follow_up(self, ticket: Ticket, delivery: Delivery, result: Result) -> None:
        release.slack_replies(ticket)
        edits = Delivery.objects.filter(ticket=ticket, channel=Channel.SLACK, operation=Operation.EDIT)
        edits.filter(state=State.PARKED).update(state=State.SENT, last_error="", advice="")
        if _digest_of(notice_of(ticket)) != delivery.digest:
            planning.want_edit(ticket)


class EditMessage(BaseAct):
    """Always brings the newest state; asked for in the middle of one, it is done once more."""

    def tell(self, work: Work) -> Result:
        ticket = work.ticket
        post = _posts_of(ticket).first()
        if post is None or not ticket.slack_ts:
            raise NotNeededError("The ticket has no message in Slack.")
        notice = notice_of(ticket)
        seen = _digest_of(notice)
        if seen == post.digest:
            return Result(ticket.slack_ts, "the message shows it already", digest=seen)
        message = ticket_message(notice)
        _client().update(ticket.slack_channel, ticket.slack_ts, message.text, message.blocks)
        return Result(ticket.slack_ts, "edited", digest=seen)

    def follow_up(self, ticket: Ticket, delivery: Delivery, result: Result) -> None:
        _posts_of(ticket).update(digest=result.digest)


class ReplyInThread(BaseAct):
    def tell(self, work: Work) -> Result:
        ticket, delivery = work.ticket, work.delivery
        if not ticket.slack_ts:
            if _posts_of(ticket).filter(state__in=ACTIVE).exists():
                raise NotYetError(_THREAD_WAIT_SECONDS)
            raise NotNeededError("The ticket has no message in Slack.")
        if _is_outdated(delivery):
            raise NotNeededError("A later reply says more.")
        if _is_past(ticket, delivery):
            raise NotNeededError("The ticket was acknowledged, or judged, before this was sent.")
        client = _client()
        mark = f"delivery-{delivery.pk}"
        if work.must_look:
            found = client.find_reply(ticket.slack_channel, ticket.slack_ts, mark)
            if found:
                return Result(found, "the reply was there already")
            work.renew()
        message = _reply_message(delivery, notice_of(ticket))
        payload = {**message.metadata["event_payload"], "delivery": mark}
        metadata = {**message.metadata, "event_payload": payload}
        work.about_to_act()
        posted = client.post(
            ticket.slack_channel, message.text, message.blocks, metadata, thread_ts=ticket.slack_ts
        )
        return Result(posted.ts, "replied")


class EscalateInSlack(BaseAct):
    """A message of its own, to a channel or a person."""

    sent_action = actions.ESCALATION_SENT

    def tell(self, work: Work) -> Result:
        content = still_wanted(work)
        client = _client()
        target = str(content["target"]).strip().removeprefix("#") or client.config.channel
        mark = mark_of(work)
        if work.must_look and (found := _find_marked(work, client, target, mark)):
            return Result(found, "the message was there already")
        message = escalation_message(notice_of(work.ticket), sentence(work), mark)
        work.about_to_act()
        posted = client.post(target, message.text, message.blocks, message.metadata)
        return Result(posted.ts, f"posted to {target}")


def _find_marked(work: Work, client: SlackClient, target: str, mark: str) -> str:
    """As for a ticket's message: where nobody can look, it is posted again."""
    assert work.delivery.uncertain_since is not None
    try:
        channel_id = client.channel_id(target)
        work.renew()
        return client.find_posted(channel_id, mark, work.delivery.uncertain_since - CLOCK_DIFFERENCE) or ""
    except IntegrationError as error:
        if not error.permanent:
            raise
        return ""


def _channel_of(work: Work, client: SlackClient) -> str:
    """The team's channel as it was when the message was planned, else the common one."""
    return str(work.delivery.content.get("channel") or client.config.channel)


def _posted(posted: Posted, said: str) -> Result:
    fields = {"slack_ts": posted.ts, "slack_channel": posted.channel_id}
    return Result(posted.ts, said, fields)


def _is_outdated(delivery: Delivery) -> bool:
    if delivery.content.get("kind") != "occurrence":
        return False
    later = Delivery.objects.filter(
        ticket=delivery.ticket_id,
        operation=Operation.REPLY,
        pk__gt=delivery.pk,
        part__startswith="occurrence-",
    )
    return later.exclude(state__in=[State.PARKED, State.SKIPPED]).exists()


def _is_past(ticket: Ticket, delivery: Delivery) -> bool:
    """A warning that comes late warns of nothing."""
    if delivery.content.get("kind") != WARNING:
        return False
    is_same_period = ticket.reopened_count == delivery.content.get("period")
    return ticket.sla_status != SlaStatus.PENDING or not is_same_period


def _reply_message(delivery: Delivery, notice: TicketNotice) -> Message:
    content = delivery.content
    if content.get("kind") == "proposal":
        proposal = Proposal(str(content["attempt_id"]), str(content["action"]), str(content["reason"]))
        return proposal_message(notice, proposal)
    if content.get("kind") == "breach":
        return breach_reply(notice.ticket_id, mention_markup(str(content["mention"])), str(content["text"]))
    if content.get("kind") in {"text", WARNING}:
        return reply(notice.ticket_id, str(content["text"]))
    return occurrence_reply(notice)


ACTS: dict[str, Act] = {
    Operation.POST: PostMessage(),
    Operation.EDIT: EditMessage(),
    Operation.REPLY: ReplyInThread(),
    Operation.ESCALATE: EscalateInSlack(),
}
