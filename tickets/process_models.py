"""What processes agree by: guards that openers queue on, numbered live events, the summary's counters.

Part of `tickets.models`; the rows are written by `ingestion.guards`, `tickets.live` and `tickets.counter_store`.
"""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class IdentityGuard(models.Model):
    """A row that concurrent openers of look-alike failures queue on.

    Some identities are not one key: a run number told with and without its workspace, a re-notification under
    a new alert id. Inserting the guard's row makes the second opener wait for the first to commit, on every
    database, and then see its ticket.
    """

    name = models.CharField(max_length=200, primary_key=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name


class LiveEvent(models.Model):
    """One numbered change for the dashboards; `id` is the `seq` of the contract.

    It names the ticket only: the row is rendered when it is sent, so it is never older than the number says.
    """

    event = models.CharField(max_length=24)
    ticket_key = models.CharField(max_length=64, db_index=False)
    new_status = models.CharField(max_length=12, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("id",)
        default_permissions = ()
        indexes = (models.Index(fields=["created_at"], name="live_created"),)

    def __str__(self) -> str:
        return f"{self.pk} {self.event} {self.ticket_key}"


class CounterDelta(models.Model):
    """What one change of a ticket, or the alerts of one transaction, did to the summary's counters.

    `change` is a JSON object of counter to difference (`tickets.counters`), written in the same transaction.
    Appending needs no other row's lock; a periodic task folds the rows into `CounterTotal`.
    """

    change = models.TextField()

    class Meta:
        ordering = ("id",)
        default_permissions = ()

    def __str__(self) -> str:
        return self.change


class CounterTotal(models.Model):
    """One counter's folded value. `digest` is the key: names differ in case and blanks, which some databases ignore."""

    digest = models.CharField(max_length=32, primary_key=True)
    dimension = models.CharField(max_length=16)
    name = models.CharField(max_length=250, blank=True)
    value = models.BigIntegerField()

    class Meta:
        ordering = ("dimension", "name")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.dimension} {self.name}: {self.value}"
