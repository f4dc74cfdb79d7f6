"""What arrived, as it arrived, and the look-ups that some of it asks for."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from tickets.models import Ticket


class Outcome(models.TextChoices):
    """What the door made of a body; the first four are also the `status` of the answer."""

    ACCEPTED = "accepted", "Accepted"
    DUPLICATE = "duplicate_ignored", "Duplicate"
    IGNORED = "ignored", "Ignored"
    UNSUPPORTED = "unsupported", "Unsupported"
    MALFORMED = "malformed", "Malformed"
    FAILED = "failed", "Failed"


PAYLOAD_REMOVED = "The payload is no longer kept (RAW_PAYLOAD_RETENTION_DAYS)."


class AlertEvent(models.Model):
    """One request that passed the door: the bytes as received, and what came of them.

    `headers` never holds a credential. `failure_trace` is for us, when our own code failed on the body.
    """

    source = models.CharField(max_length=32)
    received_at = models.DateTimeField(default=timezone.now)
    body = models.BinaryField()
    body_size = models.PositiveIntegerField()
    content_type = models.CharField(max_length=100, blank=True, default="")
    headers = models.JSONField(default=dict, blank=True)
    key_name = models.CharField(max_length=100, blank=True, default="")
    remote_address = models.CharField(max_length=45, blank=True, default="")
    outcome = models.CharField(max_length=20, choices=Outcome.choices)
    event_type = models.CharField(max_length=80, blank=True, default="")
    message = models.CharField(max_length=500, blank=True, default="")
    failure_trace = models.TextField(blank=True, default="")
    ticket_key = models.CharField(max_length=64, blank=True, default="")
    replay_count = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = "alert event"
        ordering = ("-id",)
        default_permissions = ("view",)
        indexes = (
            models.Index(fields=["received_at"], name="event_received"),
            models.Index(fields=["outcome", "-id"], name="event_outcome"),
            models.Index(fields=["source", "-id"], name="event_source"),
        )

    def __str__(self) -> str:
        return f"{self.pk} {self.source} {self.outcome}"

    @property
    def is_payload_removed(self) -> bool:
        """Whether the body was there once; the end of `message` tells after how many days it went."""
        return self.body_size > 0 and not self.body


class EventTicket(models.Model):
    """Which tickets an event touched, and how."""

    event = models.ForeignKey(AlertEvent, on_delete=models.CASCADE, related_name="touched")
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="events")
    verdict = models.CharField(max_length=12)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("id",)
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.event_id} {self.verdict} {self.ticket_id}"


class RunLookup(models.Model):
    """An alert that named no run: the worker asks the vendor which runs failed.

    `dedup_key` is the alert's fingerprint, so a repeated alert does not ask twice; `fallback` is the ticket to
    open when nothing is found before `give_up_at`. Claimed like a ticket.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        FOUND = "found", "Runs found"
        GAVE_UP = "gave_up", "Gave up"

    event = models.ForeignKey(AlertEvent, on_delete=models.CASCADE, related_name="lookups")
    source = models.CharField(max_length=32)
    dedup_key = models.CharField(max_length=200, unique=True)
    family_key = models.CharField(max_length=200, blank=True, default="")
    query = models.JSONField()
    fallback = models.JSONField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    created_at = models.DateTimeField(default=timezone.now)
    give_up_at = models.DateTimeField()
    work_due_at = models.DateTimeField(default=timezone.now)
    work_attempts = models.PositiveIntegerField(default=0)
    claim_token = models.CharField(max_length=32, blank=True, default="")
    last_error = models.CharField(max_length=500, blank=True, default="")
    first_ticket = models.ForeignKey(
        Ticket, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ("-id",)
        default_permissions = ("view",)
        indexes = (
            models.Index(fields=["work_due_at"], name="lookup_work", condition=models.Q(state="waiting")),
            models.Index(fields=["family_key", "-created_at"], name="lookup_family"),
            # Entered when it was given up, not at the door.
            models.Index(
                fields=["source", "-created_at"],
                name="lookup_unresolved",
                condition=models.Q(state="gave_up"),
            ),
        )

    def __str__(self) -> str:
        return f"{self.dedup_key} {self.state}"


class WorkerPulse(models.Model):
    """When something was last done that every process must know of: work on tickets, a comparison with the vendors."""

    name = models.CharField(max_length=40, primary_key=True)
    seen_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.name} {self.seen_at:%H:%M:%S}"
