"""How many questions may be asked in a minute of the clock, by all workers of all machines together.

Strict within a minute; around its end up to twice as many may fall into sixty seconds. A repair is a second call
under the same permit.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from rca.models import CallMinute

KEPT = timedelta(hours=1)


def take_permit(now: datetime) -> float:
    """Count one question; 0 when it may be asked, else the seconds until the next minute begins."""
    minute = now.replace(second=0, microsecond=0)
    rows = CallMinute.objects.filter(minute=minute)
    if not rows.exists():
        _begin(minute)
    if rows.filter(calls__lt=settings.RCA_CALLS_PER_MINUTE).update(calls=F("calls") + 1):
        return 0.0
    return (minute + timedelta(minutes=1) - now).total_seconds()


def _begin(minute: datetime) -> None:
    try:
        with transaction.atomic():
            CallMinute.objects.create(minute=minute)
    except IntegrityError:
        return  # another worker began it
    CallMinute.objects.filter(minute__lt=minute - KEPT).delete()
