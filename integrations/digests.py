"""Daily and weekly digests: figures as text, one message per period, place and team."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from audit import actions
from audit.services import record
from audit.times import duration, utc_span
from integrations import mail
from integrations.broadcasts import LONGEST_IDENTITY, plan_once
from integrations.models import Broadcast, Channel
from tickets.digest import DAILY, WEEKLY, DigestFigures, DigestPeriod, figures, last_period
from tickets.models import TeamPolicy


@dataclass(frozen=True, slots=True)
class Audience:
    """Whose figures, and who reads them. `team` is None for the whole desk."""

    team: str | None
    channel: str
    emails: str

    @property
    def name(self) -> str:
        return "all teams" if self.team is None else self.team


def plan_due(now: datetime) -> int:
    """Plan what is due and not planned yet; a period in which nothing happened is not told. Returns how many."""
    kinds = [kind for kind in (DAILY, WEEKLY) if kind in settings.DIGESTS]
    periods = [last_period(kind, now, settings.DIGEST_TIME_ZONE, settings.DIGEST_HOUR) for kind in kinds]
    return sum(_plan(period, audience, now) for period in periods for audience in audiences())


def audiences() -> list[Audience]:
    """The whole desk, then each team that wants its own."""
    common = TeamPolicy.objects.filter(team="").first()
    emails = ",".join([*settings.DIGEST_EMAILS, common.digest_emails if common else ""])
    found = [Audience(None, common.slack_channel if common else "", emails)]
    own = TeamPolicy.objects.filter(wants_digest=True).exclude(team="").order_by("team")
    return [*found, *(Audience(each.team, each.slack_channel, each.digest_emails) for each in own)]


def _plan(period: DigestPeriod, audience: Audience, now: datetime) -> int:
    key = f"digest:{period.kind}:{period.first_day.isoformat()}:{audience.team or ''}"
    planned = [f"{key}:{channel}"[:LONGEST_IDENTITY] for channel in (Channel.SLACK, Channel.EMAIL)]
    if Broadcast.objects.filter(identity__in=planned).exists():
        return 0
    found = figures(period, audience.team)
    if found.is_empty:
        return 0
    subject, text = subject_of(period, audience), text_of(period, found)
    emails = ",".join(mail.addresses(audience.emails))
    places = [(Channel.SLACK, audience.channel), *([(Channel.EMAIL, emails)] if emails else [])]
    with transaction.atomic():
        new = sum(
            plan_once(
                identity=f"{key}:{channel}",
                channel=channel,
                target=target,
                subject=subject,
                text=text,
                now=now,
            )
            for channel, target in places
        )
        if new:
            record(actions.DIGEST_PLANNED, summary=subject, details={"messages": new})
    return new


def subject_of(period: DigestPeriod, audience: Audience) -> str:
    if period.kind == DAILY:
        return f"Daily digest, {period.first_day:%A %d %B %Y}: {audience.name}"
    last = period.first_day + timedelta(days=6)
    return f"Weekly digest, {period.first_day:%d %B} to {last:%d %B %Y}: {audience.name}"


def text_of(period: DigestPeriod, found: DigestFigures) -> str:
    """Plain lines, the same in Slack and in an e-mail."""
    noise = f"{found.noise:.1f} reports per ticket" if found.noise is not None else "–"
    lines = [
        f"New tickets: {found.new}" + (f" ({found.suppressed} in quiet times)" if found.suppressed else ""),
        f"Acknowledged: {found.acknowledged}",
        f"SLA breached: {found.breached}",
        f"Open at the end: {found.still_open}",
        f"Mean time to acknowledge: {_time(found.mtta_seconds)}",
        f"Mean time to recover: {_time(found.mttr_seconds)}",
        f"Noise: {noise}",
        *_named("Most frequent errors", found.error_types),
        *_named("Most failing pipelines and jobs", found.pipelines),
        "",
        f"From {utc_span(period.start, period.end)}. {settings.PUBLIC_BASE_URL}/dashboard",
    ]
    return "\n".join(lines)


def _time(seconds: float | None) -> str:
    return duration(int(seconds)) if seconds is not None else "–"


def _named(title: str, rows: tuple[tuple[str, int], ...]) -> list[str]:
    return ["", f"{title}:", *(f"• {name[:100]}: {number}" for name, number in rows)] if rows else []
