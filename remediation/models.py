"""What may be switched, what was decided, what was attempted and who said yes. Written by `remediation.services`."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone

from remediation.states import ACTIVE, OPEN, WAITING_FOR_PEOPLE, Mode, PlaybookName, Risk, State, Verdict
from tickets.models import Ticket

KILL_SWITCH = 1


class KillSwitch(models.Model):
    """One row: while it is on, nothing is started, whoever approved it. Runs under way are still watched."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=KILL_SWITCH)
    is_on = models.BooleanField(default=False)
    reason = models.CharField(max_length=500, blank=True, default="")
    changed_by = models.CharField(max_length=254, blank=True, default="")
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ("view",)
        constraints = (models.CheckConstraint(condition=models.Q(id=KILL_SWITCH), name="kill_switch_single"),)

    def __str__(self) -> str:
        return "on" if self.is_on else "off"


class TeamMode(models.Model):
    """How far a team (FinOps tag of the ticket) lets the desk go; others have REMEDIATION_MODE."""

    team = models.CharField(max_length=100, unique=True)
    mode = models.CharField(max_length=12, choices=Mode.choices)
    changed_by = models.CharField(max_length=254, blank=True, default="")
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("team",)
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.team}: {self.mode}"


class Playbook(models.Model):
    """A playbook's switch. `relapses` counts, since it was last enabled, fixes that did not last a day."""

    name = models.CharField(max_length=32, primary_key=True, choices=PlaybookName.choices)
    is_disabled = models.BooleanField(default=False)
    reason = models.CharField(max_length=500, blank=True, default="")
    relapses = models.PositiveIntegerField(default=0)
    changed_by = models.CharField(max_length=254, blank=True, default="")
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("name",)
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.name


class Decision(models.Model):
    """What the policy and the guards said of a ticket last, and whether they are to be asked (again).

    A waiting row is the work: it is claimed by moving `due_at` ahead, so that a worker that dies hands it back.
    `reasons` are sentences for people, the deciding one first. `requested_by` asks for `playbook` by hand ("" for
    the policy's choice).
    """

    ticket = models.OneToOneField(
        Ticket, primary_key=True, on_delete=models.CASCADE, related_name="remediation_decision"
    )
    is_waiting = models.BooleanField(default=True)
    due_at = models.DateTimeField(default=timezone.now)
    claim_token = models.CharField(max_length=32, blank=True, default="")
    asked_since = models.DateTimeField(default=timezone.now)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    playbook = models.CharField(max_length=32, choices=PlaybookName.choices, blank=True, default="")
    verdict = models.CharField(max_length=8, choices=Verdict.choices, default=Verdict.WAIT)
    rule = models.CharField(max_length=40, blank=True, default="")
    reasons = models.JSONField(default=list, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ("view",)
        indexes = (models.Index(fields=["due_at"], name="decision_due", condition=models.Q(is_waiting=True)),)

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.verdict}"


class Attempt(models.Model):
    """One try at repairing one failure, from the proposal to the end of the run that it started.

    `target` is what the vendor confirmed (`sighting.Target`), `before` what it told just before the call. `token`
    exists before the call; `called_at` is set before it and says, found without an outcome, that the vendor must
    be asked first. `due_at` is when it may be claimed; while somebody works on it, when the claim runs out.
    `try_number` counts from 1 within a step of the rule, `number` over all attempts of a ticket's `episode` (each
    reopening begins a new one).
    """

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="attempts_made")
    previous = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="followers"
    )
    episode = models.PositiveIntegerField(default=0)
    number = models.PositiveIntegerField(default=1)
    rule = models.CharField(max_length=40, blank=True, default="")
    step = models.PositiveSmallIntegerField(default=0)
    try_number = models.PositiveSmallIntegerField(default=1)
    most_tries = models.PositiveSmallIntegerField(default=1)
    playbook = models.CharField(max_length=32, choices=PlaybookName.choices)
    error_type = models.CharField(max_length=200, blank=True, default="")
    risk = models.CharField(max_length=8, choices=Risk.choices, default=Risk.LOW)
    mode = models.CharField(max_length=12, choices=Mode.choices, default=Mode.PROPOSE)
    state = models.CharField(max_length=20, choices=State.choices, default=State.PROPOSED)
    detail = models.CharField(max_length=500, blank=True, default="")
    reasons = models.JSONField(default=list, blank=True)
    wait_seconds = models.PositiveIntegerField(default=0)

    target = models.JSONField(default=dict)
    resource = models.CharField(max_length=700)
    resource_key = models.CharField(max_length=64)
    run_id = models.CharField(max_length=300, blank=True, default="")
    new_run_id = models.CharField(max_length=300, blank=True, default="")
    before = models.JSONField(default=dict, blank=True)
    token = models.CharField(max_length=64, unique=True)
    called_at = models.DateTimeField(null=True, blank=True)
    calls = models.PositiveSmallIntegerField(default=0)

    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    people_needed = models.PositiveSmallIntegerField(default=1)
    is_told = models.BooleanField(default=False)
    expires_at = models.DateTimeField(null=True, blank=True)

    due_at = models.DateTimeField(default=timezone.now)
    claim_token = models.CharField(max_length=32, blank=True, default="")
    paused_until = models.DateTimeField(null=True, blank=True)
    polls = models.PositiveIntegerField(default=0)
    watch_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    mttr_seconds = models.PositiveIntegerField(null=True, blank=True)
    saved_seconds = models.PositiveIntegerField(null=True, blank=True)
    relapsed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        default_permissions = ("view",)
        constraints = (
            models.UniqueConstraint(
                fields=["resource_key"],
                condition=models.Q(state__in=[str(state) for state in ACTIVE]),
                name="attempt_one_per_resource",
            ),
            models.UniqueConstraint(
                fields=["ticket"],
                condition=models.Q(state__in=[str(state) for state in OPEN]),
                name="attempt_one_per_ticket",
            ),
            models.UniqueConstraint(fields=["ticket", "episode", "number"], name="attempt_number_once"),
        )
        indexes = (
            models.Index(
                fields=["due_at"],
                name="attempt_due",
                condition=models.Q(state__in=[str(state) for state in ACTIVE]),
            ),
            models.Index(
                fields=["expires_at"],
                name="attempt_expires",
                condition=models.Q(state__in=[str(state) for state in WAITING_FOR_PEOPLE]),
            ),
            models.Index(fields=["state", "-id"], name="attempt_state"),
            models.Index(fields=["resource_key", "-id"], name="attempt_resource"),
            models.Index(fields=["called_at"], name="attempt_called"),
            models.Index(fields=["new_run_id"], name="attempt_new_run", condition=~models.Q(new_run_id="")),
        )

    def __str__(self) -> str:
        return f"{self.get_playbook_display()} ({self.get_state_display().lower()})"

    @property
    def due_since(self) -> datetime:
        """When it was first due, or its last maintenance window ended: waiting is counted from here."""
        last_yes = self.approvals.order_by("-id").values_list("created_at", flat=True).first()
        first_due = (last_yes or self.created_at) + timedelta(seconds=self.wait_seconds)
        return max(first_due, self.paused_until or first_due)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_waiting_for_people(self) -> bool:
        return self.state in WAITING_FOR_PEOPLE


class Approval(models.Model):
    """What one person said of one attempt, last: a yes may become a no. The e-mail is as it was then."""

    class Answer(models.TextChoices):
        YES = "yes", "Approved"
        NO = "no", "Rejected"

    attempt = models.ForeignKey(Attempt, on_delete=models.CASCADE, related_name="approvals")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    email = models.CharField(max_length=254)
    answer = models.CharField(max_length=4, choices=Answer.choices)
    note = models.CharField(max_length=500, blank=True, default="")
    way = models.CharField(max_length=12, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("id",)
        default_permissions = ("view",)
        constraints = (
            models.UniqueConstraint(
                fields=["attempt", "person"],
                condition=models.Q(person__isnull=False),
                name="approval_once_a_person",
            ),
        )

    def __str__(self) -> str:
        return f"{self.email}: {self.answer}"
