"""Doing what a button asked for, after Slack was answered: who pressed, may they, and the ticket's own verbs.

The press is a row that was committed before the answer; it is claimed by a conditional UPDATE, and every verb
may be repeated, so a worker that dies in the middle costs a minute and nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module

from celery import current_app
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.actors import person
from accounts.models import User, normalise_email
from accounts.roles import Role
from audit import actions
from audit.models import ActorKind
from audit.services import Actor
from integrations import http
from integrations.errors import IntegrationError, NotConfiguredError
from integrations.models import Channel, InboundCall
from integrations.slack.config import VENDOR, SlackConfig
from integrations.webhooks.slack_events import Press, safe_response_url
from tickets import services as ticket_services
from tickets.models import Ticket
from tickets.services import TransitionError

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
ABANDONED = timedelta(hours=1)
WHO_IS_THAT = "Slack does not tell the desk who you are, so nothing was done. Ask its administrator."
DONE_BY_SLACK_ITSELF = frozenset({"ticket.open"})


@dataclass(frozen=True, slots=True)
class Presser:
    """Who pressed: a person of the desk, or somebody known by their Slack name only."""

    actor: Actor
    user: User | None = None


class RefusedError(Exception):
    """The press has no effect; the message is what the presser is told."""


Handler = Callable[[str, Presser], None]


def acknowledge(value: str, presser: Presser) -> None:
    ticket_services.acknowledge(_ticket_id(value), actor=presser.actor, note="Acknowledged in Slack")


def start(value: str, presser: Presser) -> None:
    ticket_services.start(_ticket_id(value), actor=presser.actor, user=presser.user)


def reanalyse(value: str, presser: Presser) -> None:
    if presser.user is None:
        raise RefusedError("Only people with an account at the desk may ask for a new analysis.")
    reason = "Asked for in Slack"
    ticket_services.request_work(
        _ticket_id(value), action=actions.RCA_REQUESTED, actor=presser.actor, reason=reason
    )


_handlers: dict[str, Handler] = {
    "ticket.acknowledge": acknowledge,
    "ticket.start": start,
    "ticket.reanalyse": reanalyse,
}


def register(action_id: str, handler: Handler) -> None:
    """Add a button of a layer above (`remediation.approve`). The handler checks the role beyond analyst itself:
    `presser.user` is None for somebody without an account, who may approve nothing. It raises RefusedError.
    """
    _handlers[action_id] = handler


def keep(press: Press, response_url: str) -> None:
    """Write a press down, once, and wake a worker; a repeat of the same press does nothing."""
    if press.action_id in DONE_BY_SLACK_ITSELF or press.action_id not in _handlers:
        return
    try:
        with transaction.atomic():
            call = InboundCall.objects.create(
                identity=press.identity,
                channel=Channel.SLACK,
                subject=f"{press.action_id} {press.value}"[:200],
                content=press.as_json(),
            )
    except IntegrityError:
        return
    # The response address lets its holder speak in the channel: it travels with the message and is not stored.
    _send(call.pk, safe_response_url(response_url, settings.SLACK_API_URL))


def _send(call_id: int, response_url: str = "") -> None:
    try:
        current_app.send_task("integrations.act_on_press", args=(call_id, response_url), expires=120)
    except Exception:  # noqa: BLE001 - the row is the work
        logger.warning("The broker is away; a press waits for the sweep")


def sweep(now: datetime) -> int:
    """Presses whose message was lost or whose worker died; what is an hour old nobody expects any more."""
    waiting = InboundCall.objects.filter(
        channel=Channel.SLACK,
        done_at=None,
        due_at__lt=now - timedelta(seconds=5),
        received_at__gt=now - ABANDONED,
    )
    found = list(waiting.values_list("pk", flat=True)[:50])
    for call_id in found:
        _send(call_id)
    return len(found)


def act(call_id: int, response_url: str = "") -> None:
    """Do one press; nothing when it is done or in somebody else's hands.

    While Slack does not tell who pressed, the press stays with the sweep: a known person must not act as unknown.
    """
    now = timezone.now()
    waiting = InboundCall.objects.filter(pk=call_id, done_at=None, due_at__lte=now)
    if not waiting.update(due_at=now + LEASE):
        return
    press = Press(**InboundCall.objects.get(pk=call_id).content)
    try:
        presser = presser_of(press)
        _handlers[press.action_id](press.value, presser)
    except (RefusedError, TransitionError) as refusal:
        tell_presser(response_url, str(refusal))
    except IntegrationError as error:
        logger.warning("Slack does not tell who %s is: %s", press.user_id, error)
        if not error.permanent:
            return
        tell_presser(response_url, WHO_IS_THAT)
    InboundCall.objects.filter(pk=call_id).update(done_at=timezone.now())


def presser_of(press: Press) -> Presser:
    """The desk's person with the Slack user's e-mail address; somebody unknown is named as Slack names them.

    Raises RefusedError for a known person who may not act on tickets, IntegrationError when Slack cannot be asked.
    """
    user = User.objects.filter(email=normalise_email(email)).first() if (email := _email_of(press)) else None
    if user is None:
        return Presser(Actor(ActorKind.VENDOR_USER, f"slack:{press.user_name}"))
    if not user.has_role(Role.ANALYST):
        raise RefusedError(f"{user.email} may look at tickets but not act on them; ask for the analyst role.")
    return Presser(person(user), user)


def _email_of(press: Press) -> str:
    try:
        config = SlackConfig.from_settings()
    except NotConfiguredError:
        return ""
    # The SDK is imported where it is needed, in the worker.
    client = import_module("integrations.slack.client").SlackClient(config)
    return str(client.user_email(press.user_id))


def tell_presser(response_url: str, message: str) -> None:
    """A line that only the presser sees; when it cannot be said, the message in the channel still tells the state."""
    if not response_url:
        return
    body = {"response_type": "ephemeral", "replace_original": False, "text": message}
    try:
        http.request(
            VENDOR, "POST", response_url, json=body, retries=0, deadline=10, shown_as="the response address"
        )
    except IntegrationError as error:
        logger.warning("The presser could not be told: %s", error)


def _ticket_id(key: str) -> int:
    ticket_id = Ticket.objects.values_list("pk", flat=True).filter(key=key).first()
    if ticket_id is None:
        raise RefusedError(f"There is no ticket {key[:64]}.")
    return ticket_id
