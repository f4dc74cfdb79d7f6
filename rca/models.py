"""Numbered evidence and every analysis that was made of it."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from tickets import choices
from tickets.models import Ticket


class EvidenceKind(models.TextChoices):
    ALERT = "alert", "Alert text"
    ACTIVITY_ERROR = "activity_error", "Activity error"
    TASK_ERROR = "task_error", "Task error"
    TRACE = "trace", "Trace"
    CLUSTER_EVENT = "cluster_event", "Cluster event"
    RUN_HISTORY = "run_history", "Run history"
    CONFIGURATION = "configuration", "Configuration"
    NOTE = "note", "Note"


class Evidence(models.Model):
    """One thing that is known about the failure, numbered per ticket from 1.

    `identity` keeps a repeated collection from adding the same thing twice.
    """

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="evidence")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=16, choices=EvidenceKind.choices)
    title = models.CharField(max_length=300)
    text = models.TextField()
    source_url = models.CharField(max_length=1000, blank=True, default="")
    identity = models.CharField(max_length=64)
    is_cut = models.BooleanField(default=False)
    fetched_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("ticket", "number")
        default_permissions = ("view",)
        constraints = (
            models.UniqueConstraint(fields=["ticket", "number"], name="evidence_number_once"),
            models.UniqueConstraint(fields=["ticket", "identity"], name="evidence_identity_once"),
        )

    def __str__(self) -> str:
        return f"[{self.number}] {self.title}"


class Analysis(models.Model):
    """One answer of one provider. `finding` is the whole answer; the ticket shows the current one."""

    class State(models.TextChoices):
        SUCCEEDED = "succeeded", "Succeeded"
        FAILED = "failed", "Failed"

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="analyses")
    created_at = models.DateTimeField(default=timezone.now)
    provider = models.CharField(max_length=32)
    model = models.CharField(max_length=100, blank=True, default="")
    prompt_version = models.CharField(max_length=20, blank=True, default="")
    state = models.CharField(max_length=10, choices=State.choices, default=State.SUCCEEDED)
    is_current = models.BooleanField(default=False)
    is_hypothesis = models.BooleanField(default=False)
    root_cause = models.TextField(blank=True, default="")
    error_type = models.CharField(max_length=200, blank=True, default="")
    cause_class = models.CharField(max_length=40, choices=choices.CauseClass.choices, blank=True, default="")
    confidence = models.CharField(max_length=12, choices=choices.Confidence.choices, blank=True, default="")
    rationale = models.TextField(blank=True, default="")
    finding = models.JSONField(default=dict, blank=True)
    evidence_numbers = models.JSONField(default=list, blank=True)
    citations = models.JSONField(default=list, blank=True)
    duration_ms = models.PositiveIntegerField(default=0)
    input_tokens = models.PositiveIntegerField(null=True, blank=True)
    output_tokens = models.PositiveIntegerField(null=True, blank=True)
    prompt_sent = models.TextField(blank=True, default="")
    error = models.CharField(max_length=500, blank=True, default="")
    fingerprint = models.CharField(max_length=64, blank=True, default="")
    reused_from = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="reuses"
    )

    class Meta:
        verbose_name_plural = "analyses"
        ordering = ("-id",)
        default_permissions = ("view",)
        indexes = (
            models.Index(fields=["fingerprint", "-id"], name="analysis_fingerprint"),
            models.Index(fields=["error_type", "cause_class", "-id"], name="analysis_class"),
        )

    def __str__(self) -> str:
        return f"{self.provider}: {self.error_type or self.error}"


class Question(models.Model):
    """One question to the models, shared by all equal cases: one of them asks, the others use the answer.

    The row is the work. `key` names the equal cases; whoever holds `claim_token` asks until `due_at` (the lease),
    or, while WAITING, nobody does before `due_at`. `asked_at` is when people began to wait for the answer;
    `is_late` says that they no longer do, and got the rules' finding. `expires_at` ends the use of an answer, and
    of the knowledge that there was none.
    """

    class State(models.TextChoices):
        ASKING = "asking", "Asking"
        WAITING = "waiting", "Waiting"
        ANSWERED = "answered", "Answered"
        FAILED = "failed", "Failed"

    key = models.CharField(max_length=64, unique=True)
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="questions")
    state = models.CharField(max_length=10, choices=State.choices, default=State.ASKING)
    claim_token = models.CharField(max_length=32, blank=True, default="")
    asked_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    is_late = models.BooleanField(default=False)
    analysis = models.ForeignKey(
        Analysis, null=True, blank=True, on_delete=models.SET_NULL, related_name="questions"
    )

    class Meta:
        default_permissions = ("view",)
        indexes = (models.Index(fields=["state", "due_at"], name="question_due"),)

    def __str__(self) -> str:
        return f"{self.key[:12]} {self.state}"


class QuestionWait(models.Model):
    """A ticket that has the rules' finding and gets the model's when the question is answered."""

    ticket = models.OneToOneField(
        Ticket, primary_key=True, on_delete=models.CASCADE, related_name="question_wait"
    )
    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="waits")

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.ticket_id} waits for {self.question_id}"


class CallMinute(models.Model):
    """How many questions all workers together asked in one minute of the clock (UTC)."""

    minute = models.DateTimeField(primary_key=True)
    calls = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.minute:%Y-%m-%d %H:%M} {self.calls}"


class Feedback(models.Model):
    """What a person says of an analysis: right or wrong, and, where they know better, the cause and the fix.

    `fingerprint`, `error_type` and `cause_class` are how similar tickets find it; the class is the corrected one.
    """

    class Verdict(models.TextChoices):
        RIGHT = "right", "Right"
        WRONG = "wrong", "Wrong"

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="feedback")
    analysis = models.ForeignKey(Analysis, on_delete=models.CASCADE, related_name="feedback")
    created_at = models.DateTimeField(default=timezone.now)
    author = models.CharField(max_length=254)
    verdict = models.CharField(max_length=8, choices=Verdict.choices)
    cause_class = models.CharField(max_length=40, choices=choices.CauseClass.choices, blank=True, default="")
    root_cause = models.TextField(blank=True, default="")
    fix = models.TextField(blank=True, default="")
    fingerprint = models.CharField(max_length=64, blank=True, default="")
    error_type = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        verbose_name_plural = "feedback"
        ordering = ("-id",)
        default_permissions = ("view",)
        constraints = (
            models.UniqueConstraint(fields=["analysis", "author"], name="feedback_once_per_person"),
        )
        indexes = (
            models.Index(fields=["fingerprint", "-id"], name="feedback_fingerprint"),
            models.Index(fields=["error_type", "cause_class", "-id"], name="feedback_class"),
        )

    def __str__(self) -> str:
        return f"{self.author}: {self.verdict}"


class EvidenceCollection(models.Model):
    """A collection that a vendor's temporary failure left incomplete, and when it is tried again.

    A waiting row is the work: it is claimed by moving `due_at` ahead, so that a worker that dies hands it back.
    `has_fresh_evidence` tells the pipeline that the vendors were asked a moment ago.
    """

    ticket = models.OneToOneField(
        Ticket, primary_key=True, on_delete=models.CASCADE, related_name="evidence_collection"
    )
    is_waiting = models.BooleanField(default=False)
    due_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveIntegerField(default=0)
    has_fresh_evidence = models.BooleanField(default=False)
    problem = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        default_permissions = ("view",)
        indexes = (
            models.Index(fields=["due_at"], name="collection_due", condition=models.Q(is_waiting=True)),
        )

    def __str__(self) -> str:
        return f"{self.ticket_id} {'waiting' if self.is_waiting else 'done'} after {self.attempts}"


class RunMention(models.Model):
    """A run that a ticket's evidence names: a child pipeline, the Databricks run behind an activity.

    Kept as rows so that the run's own ticket finds this one, whichever of the two came first. `scope` is the
    factory's ARM id in lower case or the Databricks workspace id ("" when untold).
    """

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="run_mentions")
    source = models.CharField(max_length=32, choices=choices.Source.choices)
    run_id = models.CharField(max_length=300)
    scope = models.CharField(max_length=300, blank=True, default="")
    is_cause = models.BooleanField(default=True)

    class Meta:
        default_permissions = ()
        indexes = (models.Index(fields=["run_id", "source"], name="mention_run"),)
        constraints = (models.UniqueConstraint(fields=["ticket", "source", "run_id"], name="mention_once"),)

    def __str__(self) -> str:
        return f"{self.ticket_id} names {self.source} {self.run_id}"
