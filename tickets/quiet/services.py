"""The verbs of quiet: set, change, lift, hold a ticket's notices back, and sum up what was kept quiet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from audit import actions
from audit.appending import appended_together
from audit.services import SYSTEM, Actor, Subject, record
from audit.times import utc_second
from tickets import live
from tickets.apart import add_up
from tickets.choices import SlaStatus, Status
from tickets.clock_models import MaintenanceWindow, Mute, QuietScope, QuietSummary
from tickets.models import Ticket
from tickets.quiet import rules
from tickets.quiet.rules import Quiet, quiet_for

# A clock that was away longer than this finds the rest in the list of suppressed tickets.
SUMMED_UP_FOR = timedelta(days=35)
MOST_LISTED = 10
_TOGETHER = 500


def set_quiet(scope: QuietScope, *, actor: Actor) -> None:
    """Save a new window or mute, with who made it and why."""
    with transaction.atomic():
        scope.created_by = actor.name or "System"
        scope.save()
        _record_quiet(actions.QUIET_SET, scope, actor)
    rules.forget()


def change_quiet(scope: QuietScope, *, actor: Actor, now: datetime) -> None:
    """Save a changed window or mute; tickets that it keeps quiet follow its new end."""
    with transaction.atomic():
        scope.save()
        rule = _rule_of(scope)
        is_on = not (isinstance(scope, MaintenanceWindow) and not scope.is_active)
        period = rule.period_at(now) if is_on else None
        _move_ends(rule.key, period.end if period else now, now)
        _record_quiet(actions.QUIET_CHANGED, scope, actor)
    rules.forget()


def lift_quiet(scope: QuietScope, *, actor: Actor, now: datetime) -> None:
    """End it now: a mute expires, a window is switched off. What it kept quiet is summed up."""
    with transaction.atomic():
        if isinstance(scope, Mute):
            scope.expires_at = now
            scope.save(update_fields=["expires_at"])
        elif isinstance(scope, MaintenanceWindow):
            scope.is_active = False
            scope.save(update_fields=["is_active"])
        _move_ends(_rule_of(scope).key, now, now)
        _record_quiet(actions.QUIET_LIFTED, scope, actor)
    rules.forget()


def _record_quiet(action: str, scope: QuietScope, actor: Actor) -> None:
    record(action, subject=_subject(scope), actor=actor, summary=_sentence(scope), details=_facts(scope))
    transaction.on_commit(rules.forget)


def mute_ticket(ticket: Ticket, *, until: datetime, reason: str, actor: Actor) -> Mute:
    """No notices about one ticket until a moment."""
    mute = Mute(ticket=ticket, expires_at=until, starts_at=timezone.now(), reason=reason[:500])
    set_quiet(mute, actor=actor)
    return mute


def mark(ticket: Ticket, now: datetime) -> list[str]:
    """Say on a ticket that is being born or reopened whether it is so in quiet; returns the columns."""
    quiet = quiet_for(ticket, now)
    ticket.is_suppressed = quiet is not None
    ticket.quiet_rule = quiet.rule if quiet else ""
    ticket.quiet_name = quiet.name if quiet else ""
    ticket.quiet_until = quiet.until if quiet else None
    return ["is_suppressed", "quiet_rule", "quiet_name", "quiet_until"]


def record_suppressed(ticket: Ticket, actor: Actor = SYSTEM) -> None:
    """The audit entry of a ticket that `mark` found quiet."""
    assert ticket.quiet_until is not None
    record(
        actions.TICKET_SUPPRESSED,
        subject=ticket.subject,
        actor=actor,
        summary=f"{ticket.quiet_name}; nobody is told before {utc_second(ticket.quiet_until)}",
        details={"rule": ticket.quiet_rule, "until": ticket.quiet_until.isoformat()},
    )


def hold_back(ticket: Ticket, at: datetime) -> Quiet | None:
    """The quiet time that keeps a notice about a ticket from being sent, noted for the summary; None: go ahead."""
    quiet = quiet_for(ticket, at)
    if quiet is not None and (ticket.quiet_rule, ticket.quiet_until) != (quiet.rule, quiet.until):
        noted = {"quiet_rule": quiet.rule, "quiet_name": quiet.name, "quiet_until": quiet.until}
        with transaction.atomic():
            Ticket.objects.filter(pk=ticket.pk).update(**noted, version=F("version") + 1)
            live.publish(live.TICKET_UPDATED, ticket)
        for name, value in noted.items():
            setattr(ticket, name, value)
        ticket.version += 1
    return quiet


@dataclass(frozen=True, slots=True)
class Summary:
    """A quiet time that is over, for those who were left in peace. `still_open` are tickets, the most urgent first;
    `only_team` is whose tickets all of them were, "" where there were several teams'.
    """

    row: QuietSummary
    only_team: str
    born: int
    held_back: int
    open_number: int
    past_due: int
    still_open: tuple[Ticket, ...]


SummaryTeller = Callable[[Summary], None]
_tellers: list[SummaryTeller] = []


def register_teller(teller: SummaryTeller) -> None:
    """Name who tells a summary to the outside: called inside the transaction that writes it down."""
    _tellers[:] = [teller]


def sum_up_ended(now: datetime) -> int:
    """Sum up, once, every quiet time that is over and had something to keep quiet; returns how many."""
    over = Ticket.objects.filter(quiet_until__lte=now, quiet_until__gt=now - SUMMED_UP_FOR)
    ended = over.order_by("quiet_until", "quiet_rule").values_list("quiet_rule", "quiet_until").distinct()
    told = set(QuietSummary.objects.filter(ended_at__gt=now - SUMMED_UP_FOR).values_list("rule", "ended_at"))
    untold = [(rule, until) for rule, until in ended if until and (rule, until) not in told]
    return add_up("Summary of quiet time", lambda quiet: _sum_up(*quiet, now), untold)


def _sum_up(rule: str, until: datetime, now: datetime) -> bool:
    kept = Ticket.objects.filter(quiet_rule=rule, quiet_until=until)
    alive = Q(status__in=(Status.OPEN, Status.IN_PROGRESS))
    numbers = kept.aggregate(
        born=Count("pk", filter=Q(is_suppressed=True)),
        held_back=Count("pk", filter=Q(is_suppressed=False)),
        open_number=Count("pk", filter=alive),
        past_due=Count("pk", filter=alive & (Q(sla_due_at__lt=now) | Q(sla_status=SlaStatus.BREACHED))),
    )
    named = kept.order_by("pk").first()
    if named is None:
        return False
    still_open = kept.filter(alive).order_by("sla_due_at", "pk")[:MOST_LISTED]
    try:
        with transaction.atomic():
            row = QuietSummary.objects.create(
                rule=rule,
                name=named.quiet_name,
                ended_at=until,
                born=numbers["born"],
                held_back=numbers["held_back"],
            )
            summary = Summary(row=row, only_team=_only_team(kept), still_open=tuple(still_open), **numbers)
            record(
                actions.QUIET_ENDED,
                summary=(
                    f"{row.name} ended {utc_second(until)}: {summary.born} tickets born in it,"
                    f" {summary.held_back} others held back, {summary.open_number} still open"
                ),
                details={"rule": rule, **numbers},
            )
            for teller in _tellers:
                teller(summary)
    except IntegrityError:
        if QuietSummary.objects.filter(rule=rule, ended_at=until).exists():
            return False  # another worker was faster
        raise
    return True


def _only_team(kept: QuerySet[Ticket]) -> str:
    teams = list(kept.order_by().values_list("finops_team", flat=True).distinct()[:2])
    return teams[0] if len(teams) == 1 else ""


def _move_ends(rule: str, end: datetime, now: datetime) -> None:
    """Inside the caller's transaction; dashboards are told of each ticket.

    What waits for the quiet time's end goes with it: escalation steps, whose delays count from there.
    """
    kept = list(
        Ticket.objects.select_for_update().filter(quiet_rule=rule, quiet_until__gt=now).order_by("pk")
    )
    ids = [ticket.pk for ticket in kept]
    for start in range(0, len(ids), _TOGETHER):
        some = Ticket.objects.filter(pk__in=ids[start : start + _TOGETHER])
        waiting = some.filter(escalation_from=F("quiet_until"))
        waiting.update(escalation_from=end, escalation_due_at=end)
        some.update(quiet_until=end, version=F("version") + 1)
    with appended_together():
        for ticket in kept:
            live.publish(live.TICKET_UPDATED, ticket)


def _rule_of(scope: QuietScope) -> rules.Rule:
    if isinstance(scope, Mute):
        return rules.mute_rule(scope)
    assert isinstance(scope, MaintenanceWindow)
    return rules.window_rule(scope)


def _subject(scope: QuietScope) -> Subject:
    if isinstance(scope, Mute) and scope.ticket is not None:
        return scope.ticket.subject
    return Subject()


def _sentence(scope: QuietScope) -> str:
    what = f'Window "{scope}"' if isinstance(scope, MaintenanceWindow) else str(scope)
    meant = ", ".join(filter(None, [scope.resource_pattern, scope.source, scope.team]))
    if isinstance(scope, Mute) and scope.ticket is not None:
        meant = scope.ticket.key
    return f"{what} for {meant or 'everything'}: {scope.reason}"


def _facts(scope: QuietScope) -> dict[str, str]:
    """What it says now, for the record; texts as they stand in the table."""
    names = [
        field.name for field in scope._meta.concrete_fields if field.name not in {"created_at", "reason"}
    ]
    return {name: str(getattr(scope, f"{name}_id" if name == "ticket" else name)) for name in names}
