"""The record itself, its seals, and what is known about both.

Entries, seals, prunings and erasures are only ever inserted (the database refuses the rest, `audit.triggers`).
No foreign key leads to or from them, so no cascade can. Tickets are named by their key and people by their
e-mail as they were at the time.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone

from audit import canonical


class ActorKind(models.TextChoices):
    SYSTEM = "system", "System"
    PERSON = "person", "Person"
    SERVICE_KEY = "service_key", "Service key"
    VENDOR_USER = "vendor_user", "Vendor's user"


class AuditEntry(models.Model):
    """One act. `details` is a small JSON object without secrets; times are UTC.

    `personal_digest` is the SHA-256 over salt, actor, address, summary and details: these can be erased for a
    person's sake, and the seals, which cover the digest, stay valid.
    """

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    action = models.CharField(max_length=80)
    ticket_key = models.CharField(max_length=64, blank=True, default="")
    pipeline = models.CharField(max_length=300, blank=True, default="")
    run_id = models.CharField(max_length=300, blank=True, default="")
    actor_kind = models.CharField(max_length=16, choices=ActorKind.choices, default=ActorKind.SYSTEM)
    actor = models.CharField(max_length=254, blank=True, default="")
    actor_employee_id = models.CharField(max_length=64, blank=True, default="")
    summary = models.CharField(max_length=500, blank=True, default="")
    details = models.JSONField(default=dict, blank=True)
    request_id = models.CharField(max_length=32, blank=True, default="")
    remote_address = models.CharField(max_length=45, blank=True, default="")
    salt = models.CharField(max_length=32, blank=True, default="", editable=False)
    personal_digest = models.CharField(max_length=64, blank=True, default="", editable=False)

    class Meta:
        verbose_name = "audit entry"
        verbose_name_plural = "audit trail"
        ordering = ("-id",)
        default_permissions = ("view",)
        indexes = (
            models.Index(fields=["ticket_key", "-id"], name="audit_ticket"),
            models.Index(fields=["action", "-id"], name="audit_action"),
            models.Index(fields=["created_at"], name="audit_created"),
            models.Index(fields=["actor_kind", "-id"], name="audit_kind"),
        )

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M:%S} {self.action} {self.ticket_key}".rstrip()

    def compute_personal_digest(self) -> str:
        return canonical.personal_digest({name: getattr(self, name) for name in canonical.PERSONAL_FIELDS})


class AuditSeal(models.Model):
    """A batch of entries under one hash, chained to the seal before.

    It covers the ids `first_id`…`last_id` except those in `missing`, and the ids in `late`: entries that were
    still being committed when the seal over their range was made. `number` is given by us and unique, so of
    two workers that seal at the same moment one loses.
    """

    number = models.BigIntegerField(primary_key=True)
    created_at = models.DateTimeField()
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField(db_index=True)
    count = models.PositiveIntegerField()
    missing = models.JSONField(default=list, help_text="ranges of ids that were not there: [[from, to], …]")
    late = models.JSONField(default=list, help_text="ids from earlier ranges that this seal covers")
    root = models.CharField(max_length=64)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    key_id = models.CharField(max_length=16, blank=True, default="")
    signature = models.CharField(max_length=100, blank=True, default="")
    leaves = models.BinaryField(help_text="32 bytes per entry, late ones first, each group by id")

    class Meta:
        verbose_name = "audit seal"
        ordering = ("-number",)
        default_permissions = ("view",)
        # A seal a minute: each run asks for those of the last day (`sealing.open_gaps`).
        indexes = (models.Index(fields=["created_at"], name="seal_created"),)

    def __str__(self) -> str:
        return f"Seal {self.number}"

    def statement(self) -> dict[str, Any]:
        """What the hash covers."""
        return {
            "version": 1,
            "number": self.number,
            "created_at": canonical.timestamp(self.created_at),
            "first_id": self.first_id,
            "last_id": self.last_id,
            "count": self.count,
            "missing": [list(pair) for pair in self.missing],
            "late": list(self.late),
            "root": self.root,
            "previous_hash": self.previous_hash,
        }


class AuditPruning(models.Model):
    """The tombstone of a range of seals whose entries were exported and removed. The seals stay.

    While it names a range, the database lets that range's entries be deleted, and no others.
    """

    last_seal = models.BigIntegerField(primary_key=True)
    first_seal = models.BigIntegerField()
    last_id = models.BigIntegerField()
    count = models.PositiveIntegerField()
    export_name = models.CharField(max_length=200)
    export_sha256 = models.CharField(max_length=64)
    recorded_by = models.BigIntegerField(help_text="id of the entry that recorded it")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "audit pruning"
        ordering = ("-last_seal",)
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"Entries of seals {self.first_seal} to {self.last_seal} removed"


class AuditErasure(models.Model):
    """Leave to blank the personal part of one entry; `recorded_by` is the entry that says so."""

    entry_id = models.BigIntegerField(primary_key=True)
    recorded_by = models.BigIntegerField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "audit erasure"
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"Personal data of entry {self.entry_id} erased"


class AuditPublication(models.Model):
    """How far the seals have been handed to one publisher: plain working state, no evidence."""

    publisher = models.CharField(max_length=40, primary_key=True)
    last_number = models.BigIntegerField(default=0)
    problem = models.CharField(max_length=500, blank=True, default="")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.publisher}: up to seal {self.last_number}"


class AuditVerification(models.Model):
    """What one verification found. The console and the API show the newest."""

    created_at = models.DateTimeField(default=timezone.now)
    is_whole = models.BooleanField()
    kind = models.CharField(max_length=40, blank=True, default="")
    message = models.CharField(max_length=500, blank=True, default="")
    entries = models.BigIntegerField(default=0)
    seals = models.BigIntegerField(default=0)
    unsealed = models.BigIntegerField(default=0)
    last_seal = models.BigIntegerField(default=0)
    last_hash = models.CharField(max_length=64, blank=True, default="")
    seconds = models.FloatField(default=0)

    class Meta:
        verbose_name = "audit verification"
        ordering = ("-id",)
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M} {'whole' if self.is_whole else self.message}"


class AuditTotal(models.Model):
    """How many entries of an action there are among those up to the mark (`audit.counts`)."""

    action = models.CharField(max_length=80, primary_key=True)
    entries = models.PositiveBigIntegerField(default=0)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.action}: {self.entries}"


class AuditCountMark(models.Model):
    """The last entry that is part of the totals; there is one row."""

    last_entry = models.PositiveBigIntegerField(default=0)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"up to {self.last_entry}"
