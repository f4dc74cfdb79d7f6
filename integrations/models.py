"""What is to be told to the outside, every attempt at it, and what the outside told us."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from tickets.models import Ticket


class Channel(models.TextChoices):
    JIRA = "jira", "Jira"
    SLACK = "slack", "Slack"
    BLOB = "blob", "Blob"
    EMAIL = "email", "E-mail"
    WEBHOOK = "webhook", "Webhook"


class Operation(models.TextChoices):
    CREATE = "create", "Create issue"
    TRANSITION = "transition", "Move issue"
    COMMENT = "comment", "Comment on issue"
    POST = "post", "Post message"
    EDIT = "edit", "Edit message"
    REPLY = "reply", "Reply in thread"
    ARCHIVE = "archive", "Archive payload"
    ESCALATE = "escalate", "Escalate"


class State(models.TextChoices):
    PENDING = "pending", "Pending"
    SENDING = "sending", "Sending"
    SENT = "sent", "Sent"
    RETRYING = "retrying", "Retrying"
    PARKED = "parked", "Parked"
    SKIPPED = "skipped", "Skipped"


ACTIVE = (State.PENDING, State.SENDING, State.RETRYING)


class Delivery(models.Model):
    """One thing to be told about one ticket, in one place.

    `part` tells repeated operations of a kind apart (the occurrence a reply is about, the analysis a comment
    brings). `wanted` counts how often an edit or a transition was asked for: it always brings the newest state,
    and a change in the middle of one asks for another. `due_at` is when it may be claimed; while it is being
    sent, when the claim runs out. `uncertain_since` is set before an effect that cannot be repeated and cleared
    when its outcome is known: found set, somebody must look first. `digest` is of what was last told.
    """

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=8, choices=Channel.choices)
    operation = models.CharField(max_length=12, choices=Operation.choices)
    part = models.CharField(max_length=64, blank=True, default="")
    content = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    wanted = models.PositiveIntegerField(default=1)
    due_at = models.DateTimeField(default=timezone.now)
    claim_token = models.CharField(max_length=32, blank=True, default="")
    attempts = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True, blank=True)
    uncertain_since = models.DateTimeField(null=True, blank=True)
    remote_id = models.CharField(max_length=200, blank=True, default="")
    digest = models.CharField(max_length=64, blank=True, default="")
    last_error = models.CharField(max_length=500, blank=True, default="")
    advice = models.CharField(max_length=500, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ("-id",)
        default_permissions = ("view",)
        constraints = (
            models.UniqueConstraint(fields=["ticket", "channel", "operation", "part"], name="delivery_once"),
        )
        indexes = (
            models.Index(
                fields=["channel", "due_at", "id"],
                name="delivery_due",
                condition=models.Q(state__in=["pending", "sending", "retrying"]),
            ),
            models.Index(fields=["state", "-id"], name="delivery_state"),
        )

    def __str__(self) -> str:
        return f"{self.channel} {self.operation} {self.part}".strip()

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE


class DeliveryAttempt(models.Model):
    """One attempt: how it ended, how long it took, and what was answered, cut and without secrets."""

    class Result(models.TextChoices):
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"
        LOST = "lost", "Worker ended"

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="tries")
    created_at = models.DateTimeField(default=timezone.now)
    number = models.PositiveIntegerField()
    result = models.CharField(max_length=8, choices=Result.choices)
    status = models.PositiveIntegerField(null=True, blank=True, help_text="HTTP status, where there was one")
    duration_ms = models.PositiveIntegerField(default=0)
    response = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        ordering = ("id",)
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.number}: {self.result}"


class Broadcast(models.Model):
    """Something to be told that is about no single ticket: the summary of a quiet time, a digest.

    `identity` is what makes it once: the quiet time or the period, the channel and the address.
    """

    identity = models.CharField(max_length=200, unique=True)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    target = models.CharField(max_length=500, blank=True)
    subject = models.CharField(max_length=250)
    text = models.TextField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    due_at = models.DateTimeField(default=timezone.now)
    claim_token = models.CharField(max_length=32, blank=True, default="")
    attempts = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True, blank=True)
    uncertain_since = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=500, blank=True, default="")
    advice = models.CharField(max_length=500, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "summary or digest"
        verbose_name_plural = "summaries and digests"
        ordering = ("-id",)
        default_permissions = ("view",)
        indexes = (
            models.Index(
                fields=["due_at", "id"],
                name="broadcast_due",
                condition=models.Q(state__in=["pending", "sending", "retrying"]),
            ),
        )

    def __str__(self) -> str:
        return self.subject


class ChannelState(models.Model):
    """What holds for a whole channel. Its row is also what two claimers queue on, so limits hold exactly.

    `paused_until`: the vendor asked for a pause. `reconciled_at`: up to when missed changes were asked for.
    """

    channel = models.CharField(max_length=8, primary_key=True, choices=Channel.choices)
    paused_until = models.DateTimeField(null=True, blank=True)
    reconciled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.channel


class JiraIssue(models.Model):
    """The one issue of a ticket. `category` is Jira's status category as last known (`new`, `indeterminate`,
    `done`); `changed_at` when the status last changed, on either side: what is older comes too late.
    """

    ticket = models.OneToOneField(Ticket, on_delete=models.CASCADE, related_name="jira_issue")
    key = models.CharField(max_length=64, unique=True)
    category = models.CharField(max_length=16, default="new")
    changed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.key


class InboundCall(models.Model):
    """A webhook of Jira or a press of a button in Slack, once: `identity` is what repeats share.

    `answer` is what the caller was told. A button's work waits here until `done_at`; `due_at` is when it may be
    claimed. No body, no credential and no response address is kept.
    """

    identity = models.CharField(max_length=100, unique=True)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    received_at = models.DateTimeField(default=timezone.now)
    subject = models.CharField(max_length=200, blank=True, default="")
    content = models.JSONField(default=dict, blank=True)
    answer = models.JSONField(default=dict, blank=True)
    due_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        default_permissions = ("view",)
        indexes = (
            models.Index(fields=["received_at"], name="inbound_received"),
            models.Index(fields=["due_at"], name="inbound_due", condition=models.Q(done_at=None)),
        )

    def __str__(self) -> str:
        return f"{self.channel} {self.subject}"
