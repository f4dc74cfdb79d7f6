"""What people may switch: everything off, one playbook off, and how far each team lets the desk go."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit import actions
from audit.locking import lock_or_make
from audit.services import Actor, record
from remediation.models import KILL_SWITCH, Attempt, KillSwitch, Playbook, TeamMode
from remediation.states import Mode, PlaybookName
from remediation.telling import DESK, tell

RELAPSES_ALLOWED = 3


def lock_switch() -> KillSwitch:
    """The kill switch, its row locked: who starts something and who switches off wait for each other."""
    return lock_or_make(KillSwitch, KILL_SWITCH)


def is_stopped() -> bool:
    return KillSwitch.objects.filter(pk=KILL_SWITCH, is_on=True).exists()


def set_kill_switch(is_on: bool, *, reason: str, actor: Actor) -> KillSwitch:
    """Stop everything, or let it go on. From the return on nothing more is begun; what waits is then skipped."""
    with transaction.atomic():
        switch = lock_switch()
        if switch.is_on == is_on:
            return switch
        switch.is_on, switch.reason = is_on, reason[:500]
        switch.changed_by, switch.changed_at = actor.name, timezone.now()
        switch.save()
        record(
            actions.KILL_SWITCH_ON if is_on else actions.KILL_SWITCH_OFF,
            actor=actor,
            summary=reason or ("Remediation stopped" if is_on else "Remediation goes on"),
        )
    return switch


def mode_of(team: str) -> Mode:
    """The team's own mode, else REMEDIATION_MODE."""
    found = TeamMode.objects.filter(team=team).values_list("mode", flat=True).first()
    return Mode(found or settings.REMEDIATION_MODE)


def set_mode(team: str, mode: str, *, actor: Actor) -> None:
    """Give a team its mode; "" takes it away, so that REMEDIATION_MODE holds. Raises ValueError for no mode."""
    wanted = Mode(mode) if mode else None
    with transaction.atomic():
        before = TeamMode.objects.filter(team=team).values_list("mode", flat=True).first() or ""
        if before == mode:
            return
        if wanted is None:
            TeamMode.objects.filter(team=team).delete()
        else:
            TeamMode.objects.update_or_create(
                team=team[:100],
                defaults={"mode": wanted, "changed_by": actor.name, "changed_at": timezone.now()},
            )
        record(
            actions.REMEDIATION_MODE_CHANGED,
            actor=actor,
            summary=f"{team}: {before or 'as REMEDIATION_MODE'} to {mode or 'as REMEDIATION_MODE'}",
            details={"team": team, "before": before, "after": mode},
        )


def playbook_row(name: str) -> Playbook:
    """The playbook's switch, locked until the end of the transaction."""
    Playbook.objects.get_or_create(name=PlaybookName(name))
    return Playbook.objects.select_for_update().get(pk=name)


def disabled_reason(name: str) -> str:
    """Why a playbook is switched off; "" when it is not."""
    found = Playbook.objects.filter(pk=name, is_disabled=True).values_list("reason", flat=True).first()
    return "" if found is None else found or "switched off"


def set_playbook(name: str, *, is_disabled: bool, reason: str, actor: Actor) -> Playbook:
    """Switch a playbook off or on; switched on, it begins with a clean sheet."""
    with transaction.atomic():
        row = playbook_row(name)
        if row.is_disabled == is_disabled:
            return row
        row.is_disabled, row.reason = is_disabled, reason[:500]
        row.changed_by, row.changed_at = actor.name, timezone.now()
        if not is_disabled:
            row.relapses = 0
        row.save()
        record(
            actions.PLAYBOOK_DISABLED if is_disabled else actions.PLAYBOOK_ENABLED,
            actor=actor,
            summary=f"{row.get_name_display()}: {reason}",
            details={"playbook": name},
        )
    return row


def count_relapse(attempt_id: int, by_ticket: str) -> bool:
    """A fix did not last a day: once per attempt it counts against its playbook, and the third disables it."""
    now = timezone.now()
    with transaction.atomic():
        if not Attempt.objects.filter(pk=attempt_id, relapsed_at=None).update(relapsed_at=now):
            return False
        attempt = Attempt.objects.select_related("ticket").get(pk=attempt_id)
        row = playbook_row(attempt.playbook)
        row.relapses += 1
        row.save(update_fields=["relapses"])
        tell(
            attempt,
            actions.REMEDIATION_RELAPSED,
            f"The fix did not last a day: {by_ticket} failed again (relapse {row.relapses} of this playbook)",
            details={"by": by_ticket},
        )
        if row.relapses >= RELAPSES_ALLOWED:
            set_playbook(
                attempt.playbook,
                is_disabled=True,
                reason=f"{row.relapses} of its fixes did not last a day",
                actor=DESK,
            )
    return True
