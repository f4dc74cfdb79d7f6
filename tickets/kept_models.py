"""What stays of tickets that retention removed: figures, and nothing by which one ticket could be told. Part of
`tickets.models`; written by `tickets.kept_figures`.
"""

from __future__ import annotations

from django.db import models


class KeptFigures(models.Model):
    """Removed tickets that were opened in one month (UTC), of one team, cost centre and priority.

    `digest` is the key: names differ in case and blanks, which some databases ignore. Times are sums in seconds.
    """

    digest = models.CharField(max_length=32, primary_key=True)
    month = models.CharField(max_length=7, db_index=True)
    team = models.CharField(max_length=100)
    cost_center = models.CharField(max_length=100)
    priority = models.CharField(max_length=2)
    tickets = models.BigIntegerField(default=0)
    sla_met = models.BigIntegerField(default=0)
    sla_breached = models.BigIntegerField(default=0)
    acknowledged = models.BigIntegerField(default=0)
    ack_seconds = models.BigIntegerField(default=0)
    recovered = models.BigIntegerField(default=0)
    recovery_seconds = models.BigIntegerField(default=0)
    downtime_seconds = models.BigIntegerField(default=0)

    class Meta:
        ordering = ("-month", "team", "cost_center", "priority")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.month} {self.team} {self.cost_center} {self.priority}: {self.tickets}"
