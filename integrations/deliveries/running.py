"""One attempt at one delivery, from the claim to the record. Every way in which it can end is here."""

from __future__ import annotations

import logging
import time

from django.utils import timezone

from audit.context import working_on
from integrations.deliveries import claims, outcomes
from integrations.deliveries.acts import Act, NotNeededError, NotYetError, Work, act_of
from integrations.deliveries.claims import LostClaimError
from integrations.errors import IntegrationError, NotConfiguredError
from integrations.models import Delivery, State

logger = logging.getLogger(__name__)


def deliver(delivery_id: int, token: str) -> str:
    """Tell one claimed delivery; returns its channel. A missing row or a lost claim means done, and gives ""."""
    claimed = Delivery.objects.filter(pk=delivery_id, claim_token=token, state=State.SENDING)
    delivery = claimed.select_related("ticket").first()
    if delivery is None:
        return ""
    work = Work(delivery, delivery.ticket, token)
    with working_on(delivery.ticket.key):
        try:
            if delivery.due_at - timezone.now() < claims.LEASE / 2:  # the message was long on its way
                work.renew()
            _attempt(work, act_of(delivery))
        except LostClaimError:
            logger.info("Delivery %s passed to another worker", delivery_id)
    return delivery.channel


def _attempt(work: Work, act: Act) -> None:
    started = time.perf_counter()
    try:
        result = act.tell(work)
    except NotYetError as wait:
        outcomes.postpone(work, wait.seconds)
    except NotNeededError as reason:
        outcomes.skip(work, act, str(reason))
    except NotConfiguredError as error:
        outcomes.skip(work, act, error.advice)
    except IntegrationError as error:
        outcomes.fail(work, act, error, _milliseconds_since(started))
    except LostClaimError:
        raise
    except Exception as error:
        logger.exception("Delivery %s broke", work.delivery.pk)
        outcomes.fail(work, act, _our_own(work, error), _milliseconds_since(started))
    else:
        outcomes.succeed(work, act, result, _milliseconds_since(started))


def _our_own(work: Work, error: Exception) -> IntegrationError:
    """A fault of ours is no reason to give up at once: a fixed release tries again."""
    return IntegrationError(
        f"the delivery itself broke: {type(error).__name__}",
        vendor=work.delivery.channel,
        permanent=False,
        code="internal",
        advice="See the log; this is a fault of the desk.",
        outcome_unknown=work.has_acted,
    )


def _milliseconds_since(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)
