"""What the clock goes by: quiet times, the teams' policies, what was escalated, and when somebody last looked.

Part of `tickets.models`; the rows are written by `tickets.quiet`, `tickets.escalation` and `tickets.services`.
"""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils import timezone

from audit.times import utc
from tickets.choices import source_choices


class Repeat(models.TextChoices):
    ONCE = "once", "Once"
    DAILY = "daily", "Every day"
    WEEKLY = "weekly", "On chosen weekdays"


class Weekday(models.TextChoices):
    MONDAY = "0", "Monday"
    TUESDAY = "1", "Tuesday"
    WEDNESDAY = "2", "Wednesday"
    THURSDAY = "3", "Thursday"
    FRIDAY = "4", "Friday"
    SATURDAY = "5", "Saturday"
    SUNDAY = "6", "Sunday"


class QuietScope(models.Model):
    """Which tickets are meant, and who wanted it. All that is filled in must fit; empty means any."""

    resource_pattern = models.CharField(
        "resource",
        max_length=300,
        blank=True,
        help_text="Pipeline, job, cluster or function; * stands for anything, case does not matter. Empty: all.",
    )
    source = models.CharField(
        max_length=32, blank=True, choices=source_choices, help_text="Empty: all sources."
    )
    team = models.CharField(max_length=100, blank=True, help_text="As on the ticket. Empty: all teams.")
    reason = models.CharField(max_length=500, help_text="Why; it stands in the audit trail.")
    created_by = models.CharField(max_length=254, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        abstract = True


class MaintenanceWindow(QuietScope):
    """A time in which failures are expected. Dates and times are those of `time_zone`'s wall clock.

    Once: from the start on `start_date` to the end on `end_date`. Otherwise on each day that fits, from the start
    to the end, over midnight where the end is not after the start; `end_date` is the last day on which one begins.
    """

    name = models.CharField(max_length=100)
    repeat = models.CharField(max_length=8, choices=Repeat.choices, default=Repeat.ONCE)
    weekdays = models.CharField(max_length=20, blank=True, help_text="Days on which it begins.")
    start_date = models.DateField("from (date)")
    start_time = models.TimeField("start")
    end_time = models.TimeField("end")
    end_date = models.DateField("until (date)", null=True, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC", help_text="IANA name, such as Europe/Berlin.")
    is_active = models.BooleanField("switched on", default=True)

    class Meta:
        ordering = ("-id",)
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.name


class Mute(QuietScope):
    """No notices about a ticket or a resource until `expires_at`."""

    ticket = models.ForeignKey(
        "tickets.Ticket", null=True, blank=True, on_delete=models.CASCADE, related_name="mutes"
    )
    starts_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField("until (UTC)", db_index=True)

    class Meta:
        ordering = ("-id",)
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"Mute until {utc(self.expires_at)}"

    def is_over(self, now: datetime) -> bool:
        return self.expires_at <= now


class QuietSummary(models.Model):
    """A quiet time that ended and was summed up, once: `rule` and `ended_at` are what its tickets carry."""

    rule = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    ended_at = models.DateTimeField()
    born = models.PositiveIntegerField(default=0)
    held_back = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "quiet time that is over"
        verbose_name_plural = "quiet times over"
        ordering = ("-id",)
        default_permissions = ("view",)
        constraints = (models.UniqueConstraint(fields=["rule", "ended_at"], name="quiet_summary_once"),)

    def __str__(self) -> str:
        return f"{self.name}, ended {utc(self.ended_at)}"


class TeamPolicy(models.Model):
    """How one team is told. The row without a team's name is for every team that has none of its own."""

    team = models.CharField(
        max_length=100,
        unique=True,
        blank=True,
        help_text="As on the ticket. Empty: every team without a policy of its own.",
    )
    slack_channel = models.CharField(
        max_length=100, blank=True, help_text="Name or id; empty: SLACK_ALERT_CHANNEL."
    )
    mention = models.CharField(
        max_length=100,
        blank=True,
        help_text="Who is called on a breach: here, channel, a user's id (U…) or a user group's (S…).",
    )
    wants_digest = models.BooleanField(
        "own digest", default=False, help_text="Daily and weekly figures of this team alone."
    )
    digest_emails = models.CharField(
        max_length=500, blank=True, help_text="Addresses for the digest, separated by commas."
    )
    updated_by = models.CharField(max_length=254, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name_plural = "team policies"
        ordering = ("team",)
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.team or "Every other team"


class StepKind(models.TextChoices):
    SLACK = "slack", "Slack channel or user"
    EMAIL = "email", "E-mail"
    JIRA_PRIORITY = "jira_priority", "Raise the Jira priority"
    WEBHOOK = "webhook", "Signed webhook"


class EscalationStep(models.Model):
    """What is done when a breached ticket is still not acknowledged `delay_minutes` after it was due."""

    policy = models.ForeignKey(TeamPolicy, on_delete=models.CASCADE, related_name="steps")
    delay_minutes = models.PositiveIntegerField("minutes after the breach", default=0)
    kind = models.CharField(max_length=16, choices=StepKind.choices)
    target = models.CharField(
        max_length=500,
        blank=True,
        help_text="Channel or user id; addresses separated by commas; P1…P3 (empty: one higher); an https address.",
    )

    class Meta:
        ordering = ("delay_minutes", "id")
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.delay_minutes} min: {self.get_kind_display()}"


class Escalation(models.Model):
    """A step that was taken. The constraint is what makes it once, however many workers look.

    `period` is the ticket's `reopened_count` then; the step's own row may be changed or gone since.
    """

    ticket = models.ForeignKey("tickets.Ticket", on_delete=models.CASCADE, related_name="escalations")
    period = models.PositiveIntegerField()
    step_number = models.BigIntegerField()
    kind = models.CharField(max_length=16, choices=StepKind.choices)
    target = models.CharField(max_length=500, blank=True)
    due_at = models.DateTimeField()
    taken_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("id",)
        default_permissions = ("view",)
        constraints = (
            models.UniqueConstraint(fields=["ticket", "period", "step_number"], name="escalation_once"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} at {utc(self.taken_at)}"


class Occurrence(models.Model):
    """Another run that joined a ticket because its pipeline flaps; its key stays taken like a ticket's own."""

    ticket = models.ForeignKey("tickets.Ticket", on_delete=models.CASCADE, related_name="flaps")
    dedup_key = models.CharField(max_length=200, unique=True)
    run_id = models.CharField(max_length=300, blank=True, db_index=True)
    error_code = models.CharField(max_length=200, blank=True)
    error_message = models.CharField(max_length=1000, blank=True)
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("id",)
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.run_id or self.dedup_key


class ClockPulse(models.Model):
    """When a clock's task last looked, and when and for how long it was last away."""

    name = models.CharField(max_length=32, primary_key=True)
    seen_at = models.DateTimeField()
    back_at = models.DateTimeField(null=True, blank=True)
    away_seconds = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.name}: {self.seen_at}"
