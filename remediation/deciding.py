"""What becomes of a failure: the vendor is asked, the policy rules, the guards speak, and an attempt is written down.

The verdict with its reasons is kept whatever it is, so that people can read why nothing was done.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from audit import actions
from integrations.errors import IntegrationError
from rca.models import RunMention
from remediation import guards, playbooks, policy, sighting, switches
from remediation.facts import attempts_of, facts_of
from remediation.guards import Refusal
from remediation.models import Approval, Attempt, Decision
from remediation.policy import Ruling
from remediation.sighting import CannotAskError, Sighting
from remediation.states import OPEN, TRIED, Mode, PlaybookName, Risk, State, Verdict
from remediation.telling import ask_people, tell, title_of
from tickets import live
from tickets import services as ticket_services
from tickets.models import LinkKind, Ticket

logger = logging.getLogger(__name__)

ASK_AGAIN = timedelta(seconds=30)
ASK_FOR = timedelta(hours=6)
"""How long a decision may wait for a vendor or another attempt before people are left with it; windows not counted."""

# After one of these nothing is proposed anew for the same failure; a person may still ask for a playbook.
_FINAL = frozenset({State.REJECTED, State.EXPIRED, State.SKIPPED, State.DRY_RUN})


class PostponedError(Exception):
    """It cannot be decided now; the message says what for, `until` how long where that is known."""

    def __init__(self, reason: str, until: datetime | None = None) -> None:
        super().__init__(reason)
        self.until = until


@dataclass(frozen=True, slots=True)
class Opinion:
    """What is to be written down: the ruling, what the vendor showed, and the guards that want a person.

    `is_policys`: the ruling is the policy's own word on the failure, not one of the circumstances around it.
    """

    ruling: Ruling
    seen: Sighting | None = None
    asks: tuple[Refusal, ...] = ()
    is_policys: bool = False


def consider(ticket_id: int) -> None:
    """Write down that a ticket is to be decided on. Asks nobody, and does nothing where remediation is off."""
    if not settings.AUTO_REMEDIATION_ENABLED:
        return
    now = timezone.now()
    Decision.objects.update_or_create(
        ticket_id=ticket_id,
        defaults={"is_waiting": True, "due_at": now, "asked_since": now, "claim_token": ""},
    )


def decide_ticket(ticket_id: int, token: str) -> Attempt | None:
    """Decide on one claimed ticket; returns the attempt that was written down, if any."""
    decision = Decision.objects.select_related("ticket").filter(
        pk=ticket_id, claim_token=token, is_waiting=True
    )
    row = decision.first()
    if row is None or row.requested_by_id or not settings.AUTO_REMEDIATION_ENABLED:
        return None
    now = timezone.now()
    try:
        opinion = _opinion(row.ticket, now)
        return _write_down(row, opinion, now)
    except PostponedError as reason:
        _postpone(row, str(reason), now, reason.until)
    except IntegrityError:
        _postpone(row, "Another attempt is under way on the same resource.", now)
    except Exception:
        logger.exception("%s could not be decided on", row.ticket.key)
        _postpone(row, "The desk itself failed at it; see the log.", now)
    return None


def _opinion(ticket: Ticket, now: datetime) -> Opinion:
    """Everything that is asked and weighed, outside of any transaction. Raises PostponedError."""
    if (early := _before_asking(ticket)) is not None:
        return Opinion(_no(early))
    kind = sighting.kind_of(ticket)
    assert kind is not None
    ruling = policy.decide(facts_of(ticket, kind))
    if ruling.verdict == Verdict.NEVER:
        return Opinion(ruling, is_policys=True)
    if (window := guards.maintenance(ticket, now)) is not None:
        raise PostponedError(window.text, window.until)
    try:
        seen = _look(ticket)
    except CannotAskError as reason:
        return Opinion(_no(str(reason)))
    except IntegrationError as error:
        if not error.permanent:
            raise PostponedError(f"The vendor could not be asked: {error}") from error
        return Opinion(_no(f"The vendor could not be asked: {error} {error.advice}".strip()))
    if seen.condition == "active":
        raise PostponedError(seen.note)
    if seen.condition != "failed":
        return Opinion(_no(seen.note), seen)
    if (why := _is_somebody_elses(ticket, seen)) is not None:
        return Opinion(_no(why), seen)
    ruling = policy.decide(facts_of(ticket, kind, seen))
    if not ruling.may_heal or ruling.playbook is None:
        return Opinion(ruling, seen, is_policys=True)
    return _weigh(ticket, _with_conditions(ruling, seen), seen, now)


def _weigh(ticket: Ticket, ruling: Ruling, seen: Sighting, now: datetime) -> Opinion:
    assert ruling.playbook is not None
    relapse = guards.relapsed_fix(ticket, seen.target.key, now)
    if relapse is not None:
        switches.count_relapse(relapse.pk, ticket.key)
    found = guards.refusals(ticket, seen.target.key, ruling.playbook, now)
    if stops := [refusal.text for refusal in found if refusal.effect == "stop"]:
        return Opinion(replace(ruling, verdict=Verdict.NO, reasons=(*stops, *ruling.reasons)), seen)
    if waits := [refusal for refusal in found if refusal.effect == "wait"]:
        until = next((refusal.until for refusal in waits if refusal.until), None)
        raise PostponedError(" ".join(refusal.text for refusal in waits), until)
    return Opinion(ruling, seen, tuple(found), is_policys=True)


def _before_asking(ticket: Ticket) -> str | None:
    """Why the vendor need not be asked at all."""
    if ticket.is_closed:
        return "The ticket is closed."
    if ticket.metadata.get("is_warning"):
        return "A warning is no failure: the run still works."
    if sighting.kind_of(ticket) is None:
        return f"There is no playbook for {ticket.get_source_display()}."
    if switches.is_stopped():
        return "The kill switch is on."
    if (ours := own_run_of(ticket)) is not None:
        ticket_services.link(ticket.pk, ours.ticket_id, kind=LinkKind.RELATED)
        return f"The run was started by attempt {ours.pk} of {ours.ticket.key}, which watches it."
    last = attempts_of(ticket).order_by("-number").first()
    if last is not None and last.state in _FINAL:
        return f"Attempt {last.pk} was {last.get_state_display().lower()}: {last.detail or 'people decided'}"
    if last is not None and last.before.get("is_final"):
        return f"Attempt {last.pk} ended the desk's part: {last.detail}"
    return None


def own_run_of(ticket: Ticket) -> Attempt | None:
    """The attempt of another ticket that started this ticket's run."""
    run_id = ticket.current_run_id
    if not run_id:
        return None
    made = Attempt.objects.select_related("ticket").filter(new_run_id=run_id)
    return made.exclude(ticket=ticket).filter(ticket__source=ticket.source).order_by("-pk").first()


def _last_tried(ticket: Ticket) -> Attempt | None:
    return attempts_of(ticket).filter(state__in=TRIED).order_by("-number").first()


def _look(ticket: Ticket) -> Sighting:
    """At the ticket's run, or at the latest run that an attempt at it started."""
    last = _last_tried(ticket)
    if last is None:
        return sighting.look_at_ticket(ticket)
    target = sighting.target_from(last.target)
    if last.new_run_id and not last.before.get("is_repair"):
        target = replace(target, run_id=last.new_run_id)
    return sighting.look(target)


def _is_somebody_elses(ticket: Ticket, seen: Sighting) -> str | None:
    """A run that another run began is repaired from there, or it would run twice."""
    if seen.parent:
        return f"The run was started by run {seen.parent}: that one is to be run again."
    run_id = ticket.current_run_id
    if not run_id:
        return None
    mention = RunMention.objects.filter(source=ticket.source, run_id=run_id, is_cause=True).exclude(
        ticket=ticket
    )
    if (other := mention.select_related("ticket").first()) is not None:
        return f"The run was started by that of {other.ticket.key}: that one is to be run again."
    return None


def _with_conditions(ruling: Ruling, seen: Sighting) -> Ruling:
    """What the settings lack turns into a question."""
    asks = []
    target = seen.target
    if (
        ruling.playbook == PlaybookName.RERUN_UPSTREAM
        and not playbooks.url_of(ruling.playbook)
        and not playbooks.upstream_of(target)
    ):
        asks.append(
            f"REMEDIATION_UPSTREAMS names no upstream of {target.name}: a person must know that it is ready."
        )
    if not asks:
        return ruling
    return replace(ruling, verdict=Verdict.ASK, reasons=(*ruling.reasons, *asks))


def _no(reason: str) -> Ruling:
    return Ruling(Verdict.NO, (reason,))


def _postpone(row: Decision, reason: str, now: datetime, until: datetime | None = None) -> None:
    """Decide later: at `until`, and the time up to then does not count; else soon, for ASK_FOR at most."""
    asked_since = row.asked_since + (until - now) if until else row.asked_since
    gives_up = now - asked_since > ASK_FOR
    held = Decision.objects.filter(pk=row.pk, claim_token=row.claim_token)
    held.update(
        is_waiting=not gives_up,
        due_at=until or now + ASK_AGAIN,
        asked_since=asked_since,
        verdict=Verdict.NO if gives_up else Verdict.WAIT,
        reasons=[reason],
        decided_at=now,
    )


def _write_down(row: Decision, opinion: Opinion, now: datetime) -> Attempt | None:
    """The decision, and the attempt that follows from it, in one transaction. Raises IntegrityError, PostponedError."""
    ruling = opinion.ruling
    with transaction.atomic():
        ticket = ticket_services.lock(row.pk)
        reasons = [*ruling.reasons, *(ask.text for ask in opinion.asks)]
        held = Decision.objects.filter(pk=row.pk, claim_token=row.claim_token, is_waiting=True)
        verdict = Verdict.ASK if opinion.asks and ruling.verdict == Verdict.ACT else ruling.verdict
        if not held.update(
            is_waiting=False, verdict=verdict, rule=ruling.rule, reasons=reasons, decided_at=now
        ):
            return None
        if opinion.is_policys and ticket.can_auto_heal != ruling.may_heal and not ruling.is_exhausted:
            ticket = ticket_services.set_fields(ticket.pk, can_auto_heal=ruling.may_heal)
        if not ruling.may_heal or ruling.playbook is None or opinion.seen is None:
            _tell_end_of_chain(ticket, opinion)
            live.publish(live.TICKET_UPDATED, ticket)
            return None
        if ticket.is_closed:
            return None
        if (known := attempts_of(ticket).filter(state__in=OPEN).first()) is not None:
            raise PostponedError(f"Attempt {known.pk} of this ticket is open.")
        return create_attempt(ticket, ruling, opinion.seen, reasons=reasons, asks=bool(opinion.asks), now=now)


def create_attempt(
    ticket: Ticket,
    ruling: Ruling,
    seen: Sighting,
    *,
    reasons: list[str],
    asks: bool,
    now: datetime,
    requested_by: User | None = None,
) -> Attempt:
    """Write an attempt down in the state in which it begins; inside the caller's transaction, the ticket locked."""
    assert ruling.playbook is not None
    mode = switches.mode_of(ticket.finops_team)
    last = attempts_of(ticket).order_by("-number").first()
    previous = _last_tried(ticket)
    may_go = not asks and requested_by is None and _may_go(ruling, mode, previous)
    unnamed = sighting.observed_only(seen.target.kind)
    is_observed = bool(unnamed) or (mode == Mode.OBSERVE and requested_by is None)
    state = State.DRY_RUN if is_observed else State.SCHEDULED if may_go else State.PROPOSED
    attempt = Attempt(
        ticket=ticket,
        previous=previous,
        episode=ticket.reopened_count,
        number=last.number + 1 if last else 1,
        rule=ruling.rule,
        step=ruling.step,
        try_number=ruling.try_number,
        most_tries=ruling.most_tries,
        playbook=ruling.playbook,
        error_type=facts_of(ticket, seen.target.kind).error_type[:200],
        risk=ruling.risk,
        mode=mode,
        state=state,
        reasons=reasons,
        wait_seconds=ruling.wait_seconds,
        target=seen.target.as_json(),
        resource=seen.target.resource,
        resource_key=seen.target.key,
        run_id=seen.target.run_id[:300],
        before=seen.as_json(),
        token=secrets.token_hex(16),
        requested_by=requested_by,
        people_needed=2 if ruling.risk == Risk.HIGH else 1,
        due_at=now + timedelta(seconds=ruling.wait_seconds),
        expires_at=now + timedelta(minutes=settings.REMEDIATION_APPROVAL_MINUTES),
        created_at=now,
    )
    if state == State.DRY_RUN:
        attempt.ended_at = now
        described = playbooks.describe(attempt.playbook, seen.target)
        attempt.detail = f"{unnamed or 'Observed only.'} It would have been: {described}"[:500]
    attempt.save(force_insert=True)
    _tell_birth(attempt, may_go=may_go)
    return attempt


def _may_go(ruling: Ruling, mode: Mode, previous: Attempt | None) -> bool:
    """Whether nobody need be asked: the policy and the team's mode allow it, or a yes to an earlier try covers it."""
    if mode == Mode.AUTOMATIC and ruling.verdict == Verdict.ACT:
        return True
    if mode not in {Mode.APPROVE, Mode.AUTOMATIC} or previous is None or ruling.try_number < 2:
        return False
    is_same_step = (previous.rule, previous.step) == (ruling.rule, ruling.step)
    return is_same_step and is_step_approved(previous)


def is_step_approved(attempt: Attempt) -> bool:
    """Whether somebody said yes to any try of this attempt's step: a covered try has no yes of its own."""
    return Approval.objects.filter(
        attempt__ticket=attempt.ticket_id,
        attempt__episode=attempt.episode,
        attempt__rule=attempt.rule,
        attempt__step=attempt.step,
        answer=Approval.Answer.YES,
    ).exists()


def _tell_birth(attempt: Attempt, *, may_go: bool) -> None:
    title = title_of(attempt)
    if attempt.state == State.DRY_RUN:
        tell(attempt, actions.REMEDIATION_DRY_RUN, attempt.detail)
    elif may_go:
        tell(attempt, actions.REMEDIATION_SCHEDULED, f"{title}, in {attempt.wait_seconds} s", thread=(
            f"Auto-remediation in {attempt.wait_seconds} s: {title}. {attempt.reasons[0]}"
        ))  # fmt: skip
    elif attempt.requested_by is None:
        tell(attempt, actions.REMEDIATION_PROPOSED, f"{title}. {' '.join(attempt.reasons)}")
        ask_people(attempt)


def _tell_end_of_chain(ticket: Ticket, opinion: Opinion) -> None:
    """After attempts that failed, people are told that the desk stops here, and why."""
    last = _last_tried(ticket)
    if last is None or last.state != State.FAILED:
        return
    runs = ", ".join(dict.fromkeys(run for run in (last.run_id, last.new_run_id) if run))
    text = f"{' '.join(opinion.ruling.reasons)} People are needed. Runs: {runs or 'none'}."
    action = actions.REMEDIATION_MAX_RETRIES if opinion.ruling.is_exhausted else actions.REMEDIATION_SKIPPED
    tell(last, action, text, thread=f"Auto-remediation stops: {text}")
