"""What is to be written down about a failure: the vendor is asked, the policy rules, the guards speak.

All outside of any transaction; nothing is written here but the links and relapses that the look brings to light.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from integrations.errors import IntegrationError
from rca.models import RunMention
from remediation import guards, playbooks, policy, sighting, switches
from remediation.attempts import last_attempt, last_tried, own_run_of
from remediation.facts import facts_of
from remediation.guards import Refusal
from remediation.policy import Ruling
from remediation.sighting import CannotAskError, Sighting
from remediation.states import PlaybookName, State, Verdict
from tickets import services as ticket_services
from tickets.models import LinkKind, Ticket

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


def opinion_on(ticket: Ticket, now: datetime) -> Opinion:
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
    last = last_attempt(ticket)
    if last is not None and last.state in _FINAL:
        return f"Attempt {last.pk} was {last.get_state_display().lower()}: {last.detail or 'people decided'}"
    if last is not None and last.before.get("is_final"):
        return f"Attempt {last.pk} ended the desk's part: {last.detail}"
    return None


def _look(ticket: Ticket) -> Sighting:
    """At the ticket's run, or at the latest run that an attempt at it started."""
    last = last_tried(ticket)
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
    target = seen.target
    if (
        ruling.playbook != PlaybookName.RERUN_UPSTREAM
        or playbooks.url_of(ruling.playbook)
        or playbooks.upstream_of(target)
    ):
        return ruling
    ask = f"REMEDIATION_UPSTREAMS names no upstream of {target.name}: a person must know that it is ready."
    return replace(ruling, verdict=Verdict.ASK, reasons=(*ruling.reasons, ask))


def _no(reason: str) -> Ruling:
    return Ruling(Verdict.NO, (reason,))
