"""The ticket and what hangs on it. Changes are made by `tickets.services` only."""

from __future__ import annotations

from collections import Counter

from django.conf import settings
from django.db import models
from django.utils import timezone

from audit.services import Subject
from tickets import choices
from tickets.clock_models import (
    ClockPulse,
    Escalation,
    EscalationStep,
    MaintenanceWindow,
    Mute,
    Occurrence,
    QuietSummary,
    TeamPolicy,
)
from tickets.counters import Key
from tickets.kept_models import KeptFigures
from tickets.process_models import CounterDelta, CounterTotal, IdentityGuard, LiveEvent

__all__ = [
    "NOT_ACKNOWLEDGED",
    "ClockPulse",
    "CounterDelta",
    "CounterTotal",
    "Escalation",
    "EscalationStep",
    "IdentityGuard",
    "KeptFigures",
    "LinkKind",
    "LiveEvent",
    "MaintenanceWindow",
    "Mute",
    "Occurrence",
    "QuietSummary",
    "TeamPolicy",
    "Ticket",
    "TicketComment",
    "TicketLink",
]

NOT_ACKNOWLEDGED = models.Q(acknowledged_at__isnull=True)
"""Open or in progress. Not written as two states, for no index is walked in order through both."""


class Ticket(models.Model):
    """One failure. `key` is the id that people and the API use.

    `dedup_key` identifies the failure for ever; `family_key` the rule and resource behind alerts that name no run.
    `version` grows with each change; live clients drop older rows, and two writers cannot both win.
    """

    key = models.CharField(max_length=64, unique=True)
    dedup_key = models.CharField(max_length=200, unique=True)
    family_key = models.CharField(max_length=200, blank=True, default="")
    source = models.CharField(max_length=32, choices=choices.source_choices)
    resource_type = models.CharField(max_length=16, choices=choices.ResourceType.choices)
    pipeline = models.CharField(max_length=300)
    run_id = models.CharField(max_length=300, blank=True, default="")
    run_scope = models.CharField(max_length=300, blank=True, default="")
    logic_app_run_id = models.CharField(max_length=200, blank=True, default="")
    processing_mode = models.CharField(
        max_length=24, choices=choices.ProcessingMode.choices, default=choices.ProcessingMode.DIRECT_WEBHOOK
    )
    metadata = models.JSONField(default=dict, blank=True)

    opened_at = models.DateTimeField(default=timezone.now)
    fired_at = models.DateTimeField(null=True, blank=True)
    last_seen_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)
    occurrences = models.PositiveIntegerField(default=1)
    version = models.PositiveIntegerField(default=1)

    error_message = models.TextField(blank=True, default="")
    error_code = models.CharField(max_length=200, blank=True, default="")
    error_type = models.CharField(max_length=200, blank=True, default="")
    cause_class = models.CharField(
        max_length=40, choices=choices.CauseClass.choices, default=choices.CauseClass.UNKNOWN
    )
    root_cause = models.TextField(blank=True, default="")
    recommendations = models.JSONField(default=list, blank=True)
    confidence = models.CharField(max_length=12, choices=choices.Confidence.choices, blank=True, default="")
    is_transient = models.BooleanField(null=True, blank=True)
    affected_entity = models.CharField(max_length=500, blank=True, default="")
    can_auto_heal = models.BooleanField(default=False)
    rca_provider = models.CharField(max_length=32, blank=True, default="")

    severity = models.CharField(max_length=8, choices=choices.Severity.choices)
    priority = models.CharField(max_length=2, choices=choices.Priority.choices)
    status = models.CharField(max_length=12, choices=choices.Status.choices, default=choices.Status.OPEN)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="tickets",
        db_index=False,  # ticket_owner and ticket_nobody take its place
    )
    ack_user = models.CharField(max_length=254, blank=True, default="")
    ack_employee_id = models.CharField(max_length=64, blank=True, default="")
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    ack_seconds = models.PositiveIntegerField(null=True, blank=True)
    resolution_note = models.TextField(blank=True, default="")
    reopened_count = models.PositiveIntegerField(default=0)

    sla_started_at = models.DateTimeField(default=timezone.now)
    sla_seconds = models.PositiveIntegerField()
    sla_due_at = models.DateTimeField()
    sla_status = models.CharField(
        max_length=8, choices=choices.SlaStatus.choices, default=choices.SlaStatus.PENDING
    )
    sla_warned_at = models.DateTimeField(null=True, blank=True)
    sla_breached_at = models.DateTimeField(null=True, blank=True)
    # From when escalation steps count their delay, and when the next one is due (none: null).
    escalation_from = models.DateTimeField(null=True, blank=True)
    escalation_due_at = models.DateTimeField(null=True, blank=True)

    # Quiet: born (or reopened) in a maintenance window or mute; which one, and until when nobody is told.
    is_suppressed = models.BooleanField(default=False)
    quiet_rule = models.CharField(max_length=40, blank=True, default="")
    quiet_name = models.CharField(max_length=120, blank=True, default="")
    quiet_until = models.DateTimeField(null=True, blank=True)

    # A later run of the same pipeline or job succeeded; downtime is counted once it is known.
    recovered_at = models.DateTimeField(null=True, blank=True)
    recovery_seconds = models.PositiveIntegerField(null=True, blank=True)
    downtime_seconds = models.PositiveIntegerField(null=True, blank=True)

    finops_team = models.CharField(max_length=100, default="Unknown")
    finops_owner = models.CharField(max_length=254, default="Unknown")
    finops_cost_center = models.CharField(max_length=100, default="Unknown")

    itsm_ticket_id = models.CharField(max_length=64, blank=True, default="")
    slack_ts = models.CharField(max_length=32, blank=True, default="")
    slack_channel = models.CharField(max_length=100, blank=True, default="")
    blob_log_url = models.CharField(max_length=1000, blank=True, default="")

    # The work itself: claimed by a conditional UPDATE under a lease, found again by the sweep.
    processing_state = models.CharField(
        max_length=10, choices=choices.ProcessingState.choices, default=choices.ProcessingState.RECEIVED
    )
    processing_error = models.TextField(blank=True, default="")
    needs_work = models.BooleanField(default=True)
    work_due_at = models.DateTimeField(default=timezone.now)
    work_attempts = models.PositiveIntegerField(default=0)
    claim_token = models.CharField(max_length=32, blank=True, default="")

    joined_keys: tuple[str, ...] = ()
    """Keys of runs that joined it by flapping, as far as the door asked for them (`ingestion.identity`)."""
    counted: Counter[Key]
    """What a locked row counted for when it was read (`tickets.services._rows`)."""

    class Meta:
        ordering = ("-opened_at", "-id")
        default_permissions = ("view",)
        indexes = (
            models.Index(fields=["status", "-opened_at", "-id"], name="ticket_status_opened"),
            models.Index(
                fields=["status", "-acknowledged_at", "-id"],
                name="ticket_closed",
                condition=models.Q(acknowledged_at__isnull=False),
            ),
            # A person's tickets, which a new one is not yet among, and those of nobody.
            models.Index(
                fields=["assigned_to", "-opened_at", "-id"],
                name="ticket_owner",
                condition=models.Q(assigned_to__isnull=False),
            ),
            models.Index(
                fields=["-opened_at", "-id"],
                name="ticket_nobody",
                condition=models.Q(assigned_to__isnull=True),
            ),
            # Open and in progress together, newest first and by the time left; a ticket leaves them when it is
            # acknowledged. The last two columns are there to count by, without the rows. They stand behind
            # ticket_nobody, for SQLite takes the later one where it has no statistics: the unfinished are fewer.
            models.Index(
                fields=["-opened_at", "-id"], name="ticket_unfinished_opened", condition=NOT_ACKNOWLEDGED
            ),
            models.Index(
                fields=["sla_due_at", "id", "status", "acknowledged_at"],
                name="ticket_unfinished_due",
                condition=NOT_ACKNOWLEDGED,
            ),
            models.Index(fields=["-opened_at", "-id"], name="ticket_opened"),
            models.Index(fields=["run_id", "source"], name="ticket_run"),
            models.Index(fields=["pipeline", "-opened_at"], name="ticket_pipeline"),
            models.Index(fields=["work_due_at"], name="ticket_work", condition=models.Q(needs_work=True)),
            models.Index(
                fields=["family_key", "-last_seen_at"],
                name="ticket_family",
                condition=~models.Q(family_key=""),
            ),
            models.Index(
                fields=["escalation_due_at"],
                name="ticket_escalation",
                condition=models.Q(escalation_due_at__isnull=False),
            ),
            models.Index(
                fields=["quiet_until"], name="ticket_quiet", condition=models.Q(quiet_until__isnull=False)
            ),
            # What lists are narrowed to and few tickets have. Within a name the rows come in the order of time, so
            # that a new ticket's place is always at the end and costs the door next to nothing.
            models.Index(fields=["source", "-opened_at", "-id"], name="ticket_source_opened"),
            models.Index(fields=["error_type", "-opened_at", "-id"], name="ticket_error_opened"),
            models.Index(fields=["finops_team", "-opened_at", "-id"], name="ticket_team_opened"),
            models.Index(fields=["finops_cost_center", "-opened_at", "-id"], name="ticket_centre_opened"),
            # The same for the list of closed tickets; a ticket comes in when it is acknowledged, not at the door.
            models.Index(
                fields=["finops_team", "-acknowledged_at", "-id"],
                name="ticket_team_acked",
                condition=models.Q(acknowledged_at__isnull=False),
            ),
            models.Index(
                fields=["source", "-acknowledged_at", "-id"],
                name="ticket_source_acked",
                condition=models.Q(acknowledged_at__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return self.key

    @property
    def subject(self) -> Subject:
        """How the audit trail names this ticket."""
        return Subject(self.key, self.pipeline, self.run_id)

    @property
    def current_run_id(self) -> str:
        """The run that failed last: the newest that joined the ticket ("" where it was not named), else its own."""
        if not self.reopened_count:
            return self.run_id  # a run joins by reopening
        joined = self.flaps.order_by("-id").values_list("run_id", flat=True).first()
        return self.run_id if joined is None else joined

    @property
    def is_closed(self) -> bool:
        return self.status == choices.Status.ACKNOWLEDGED


class TicketComment(models.Model):
    """A remark by a person, here or in Jira."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="comments")
    created_at = models.DateTimeField(default=timezone.now)
    author = models.CharField(max_length=254)
    text = models.TextField()

    class Meta:
        ordering = ("id",)
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.author}: {self.text[:60]}"


class DoneStep(models.Model):
    """A recommendation that a person has carried out. `digest` names its text, which is too long for a key."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="done_steps")
    digest = models.CharField(max_length=64)
    done_at = models.DateTimeField(default=timezone.now)
    done_by = models.CharField(max_length=254)

    class Meta:
        default_permissions = ()
        constraints = (models.UniqueConstraint(fields=["ticket", "digest"], name="step_done_once"),)

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.digest[:12]} by {self.done_by}"


class LinkKind(models.TextChoices):
    CAUSED_BY = "caused_by", "Caused by"
    RELATED = "related", "Related"
    REPEATS = "repeats", "Repeats"


class TicketLink(models.Model):
    """`ticket` was caused by, or is related to, `other`."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="links")
    other = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="linked_from")
    kind = models.CharField(max_length=12, choices=LinkKind.choices, default=LinkKind.RELATED)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("id",)
        default_permissions = ("view",)
        constraints = (models.UniqueConstraint(fields=["ticket", "other"], name="ticket_link_once"),)

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.kind} {self.other_id}"
