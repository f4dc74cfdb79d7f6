"""What the product does by itself and at the door, act by act, by its own functions.

Each act is carried out in a transaction that is rolled back, on whatever desk there is: on the big one for the
review, on a small one in the tests. What it needs beforehand it makes itself, unheard (`Act.before`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone

from accounts.tasks import trim_accounts
from audit import counts, sealing
from audit.services import SYSTEM
from ingestion import claims, reconcile, recoveries, retention, run_lookups
from ingestion.pipeline import process_ticket
from ingestion.services import waiting_count
from integrations import broadcasts, digests
from integrations import tasks as outside
from integrations.deliveries import claims as delivery_claims
from integrations.deliveries.wakeup import QUEUES
from integrations.jira.client import JiraStatus
from integrations.models import JiraIssue
from integrations.webhooks import presses
from integrations.webhooks import reconcile as jira_changes
from rca import questions, settling
from rca.evidence import late
from remediation import claims as remediation_claims
from remediation import guards
from remediation import services as remediation
from tickets import counter_store, pulse, search_index, services, tasks
from tickets.choices import Source
from tickets.digest import DAILY, WEEKLY, figures, last_period
from tickets.escalation.services import take_due_steps
from tickets.models import ClockPulse, Ticket
from tickets.quiet.services import sum_up_ended

WAITING = 100
YEARS = timedelta(days=3650)


def nothing() -> None:
    """No preparation."""


@dataclass(frozen=True, slots=True)
class Act:
    """`group` and `name` say what it is for; only the statements of `run` are heard."""

    group: str
    name: str
    run: Callable[[], object]
    before: Callable[[], object] = nothing


class Newest:
    """The newest ticket, read while the act is prepared."""

    ticket: Ticket

    def read(self) -> None:
        self.ticket = _newest()


def periodic() -> Iterator[Act]:
    """What the clock of `aiops.celery` and the workers do, each as often as every two seconds."""
    yield from _work()
    yield from _clock()
    yield from _outside()
    yield from _digests()
    yield from _retention()
    yield from _vendors()
    yield from _remediation()
    yield from _record()


def _newest() -> Ticket:
    return Ticket.objects.latest("pk")


def _open_newest() -> None:
    """The newest tickets wait for a worker, as in a storm."""
    ids = Ticket.objects.order_by("-pk").values_list("pk", flat=True)[:WAITING]
    Ticket.objects.filter(pk__in=list(ids)).update(
        needs_work=True, work_due_at=timezone.now(), processing_state="received"
    )


def _work() -> Iterator[Act]:
    now = timezone.now()

    def process() -> None:
        for ticket_id, token in claims.claim_waiting(timezone.now(), 3):
            process_ticket(ticket_id, token)

    yield Act("worker", "claim tickets", lambda: claims.claim_waiting(timezone.now()), _open_newest)
    yield Act(
        "worker",
        "sweep, without those held",
        lambda: claims.claim_waiting(now, with_held=False),
        _open_newest,
    )
    yield Act("worker", "nothing waits", lambda: claims.claim_waiting(now))
    yield Act("worker", "a ticket's journey", process, _open_newest)
    yield Act("worker", "claim run look-ups", lambda: run_lookups.claim_waiting_lookups(now))
    newest = Newest()
    yield Act(
        "worker", "relate to unresolved", lambda: run_lookups.relate_to_unresolved(newest.ticket), newest.read
    )
    yield Act("worker", "take back at start", lambda: claims.release_all(now), _open_newest)
    yield Act("worker", "settle questions: ask", lambda: questions.claim_due(now, questions.lease(1)))
    yield Act("worker", "settle questions: share", settling.share_forgotten)
    yield Act("worker", "settle questions: trim", lambda: questions.trim(now))
    yield Act("worker", "late evidence", lambda: late.claim_due(now))


def _clock() -> Iterator[Act]:
    now = timezone.now()
    later = now + timedelta(minutes=20)

    def go_away() -> None:
        ClockPulse.objects.update_or_create(name=pulse.NAME, defaults={"seen_at": now - timedelta(hours=1)})

    def escalate() -> None:
        late_ones = (
            Ticket.objects.filter(acknowledged_at=None).order_by("-pk").values_list("pk", flat=True)[:50]
        )
        Ticket.objects.filter(pk__in=list(late_ones)).update(escalation_due_at=now, escalation_from=now)

    yield Act("clock", "after an absence", lambda: pulse.look(now), go_away)
    yield Act("clock", "breaches, none new", lambda: services.mark_breaches(now - timedelta(days=2)))
    yield Act("clock", "breaches", lambda: services.mark_breaches(later))
    yield Act("clock", "warnings", lambda: services.mark_warnings(now))
    yield Act("clock", "escalation", lambda: take_due_steps(now), escalate)
    yield Act("clock", "quiet times that ended", lambda: sum_up_ended(now), _quieten)


def _quieten() -> None:
    Ticket.objects.filter(pk=_newest().pk).update(
        quiet_rule="window-2", quiet_name="Patching", quiet_until=timezone.now() - timedelta(seconds=5)
    )


def _outside() -> Iterator[Act]:
    now = timezone.now()

    def claim() -> None:
        for channel in QUEUES:
            delivery_claims.claim_waiting(channel, timezone.now())

    def make_due() -> None:
        from integrations.models import Delivery

        ids = Delivery.objects.order_by("-pk").values_list("pk", flat=True)[:WAITING]
        Delivery.objects.filter(pk__in=list(ids)).update(state="pending", due_at=now)

    yield Act("deliveries", "nothing due", claim)
    yield Act("deliveries", "claim", claim, make_due)
    yield Act("deliveries", "take back at start", lambda: delivery_claims.release_all(now))
    yield Act("deliveries", "presses of buttons", lambda: presses.sweep(now))
    yield Act("deliveries", "summaries and digests", lambda: broadcasts.send_due(timezone.now))
    yield Act("deliveries", "trim inbound calls", outside.trim_inbound_calls)
    yield Act("deliveries", "reconcile Jira", lambda: jira_changes.reconcile(now, _Jira()))  # type: ignore[arg-type]


class _Jira:
    """Twenty issues that are not what the desk knows."""

    def recently_changed(self, minutes: int) -> dict[str, JiraStatus]:
        keys = JiraIssue.objects.order_by("-pk").values_list("key", flat=True)[:20]
        return {key: JiraStatus("To Do", "new") for key in keys}

    def get_status(self, key: str) -> JiraStatus:
        return JiraStatus("To Do", "new")


def _digests() -> Iterator[Act]:
    now = timezone.now()
    day, week = (last_period(kind, now, "UTC", 0) for kind in (DAILY, WEEKLY))
    yield Act("digests", "plan", lambda: digests.plan_due(now))
    yield Act("digests", "planned already", lambda: digests.plan_due(now), lambda: digests.plan_due(now))
    yield Act("digests", "a day", lambda: figures(day))
    yield Act("digests", "a week", lambda: figures(week))
    yield Act("digests", "a week of a team", lambda: figures(week, "Finance"))


def _retention() -> Iterator[Act]:
    now = timezone.now()
    for kind in retention.KINDS:

        def first_pass(kind: retention.Kind = kind) -> None:
            list(zip(retention.run(now, kinds=[kind]), range(1), strict=False))

        def idle_pass(kind: retention.Kind = kind) -> None:
            list(retention.run(now - YEARS, kinds=[kind]))

        yield Act("retention", f"{kind.name}, a pass", first_pass)
        yield Act("retention", f"{kind.name}, none old enough", idle_pass)


def _vendors() -> Iterator[Act]:
    now = timezone.now()

    newest = Newest()

    def recover() -> None:
        ticket = newest.ticket
        services.mark_recovered(
            source=ticket.source, pipeline=ticket.pipeline, scope=ticket.run_scope,
            run=services.GoodRun(now, "good"), actor=SYSTEM,
        )  # fmt: skip

    yield Act("reconcile", "factories", lambda: reconcile.known_factories(now))
    yield Act("reconcile", "what waits for a good run", lambda: recoveries._waiting(Source.ADF, "", now))
    yield Act("reconcile", "a good run", recover, newest.read)
    yield Act("reconcile", "runs named elsewhere", lambda: reconcile._named_elsewhere(["1", "2"]))


def _remediation() -> Iterator[Act]:
    now, newest = timezone.now(), Newest()

    def guard() -> None:
        guards.refusals(newest.ticket, "resource", "retry_pipeline", now)

    yield Act("remediation", "ask after quiet", lambda: remediation.ask_after_quiet(now))
    yield Act("remediation", "expire", lambda: remediation.expire(now))
    yield Act("remediation", "resume after windows", lambda: remediation.resume_after_windows(now))
    yield Act("remediation", "claim decisions", lambda: remediation_claims.claim_decisions(now))
    yield Act("remediation", "claim attempts", lambda: remediation_claims.claim_attempts(now))
    yield Act("remediation", "guards", guard, newest.read)


def _record() -> Iterator[Act]:
    now = timezone.now()

    def act() -> None:
        services.note(_newest().pk, "Comment Added", summary="…", actor=SYSTEM)

    def touch() -> None:
        Ticket.objects.filter(pk=_newest().pk).update(version=F("version") + 1)
        act()

    yield Act("record", "seal", lambda: sealing.seal_entries(now=now + timedelta(minutes=1)), act)
    yield Act("record", "settle counts", lambda: counts.settle(now + timedelta(hours=1)), act)
    yield Act("housekeeping", "fold counters", tasks.fold_counters, _count)
    yield Act("housekeeping", "fill the search index", search_index.take_in, touch)
    yield Act("housekeeping", "trim live events", tasks.trim_live_events)
    yield Act("housekeeping", "trim accounts", trim_accounts)
    yield Act("housekeeping", "count what waits, for the door", waiting_count)


def _count() -> None:
    tasks.fold_counters()
    counter_store.opened(_newest())


def settings_of_the_review() -> dict[str, Any]:
    """Everything that may be switched on is."""
    days = {kind.setting: 300 for kind in retention.KINDS}
    return {**days, "AUTO_REMEDIATION_ENABLED": True, "DIGESTS": (DAILY, WEEKLY), "RECONCILE_FACTORIES": ()}
