"""Housekeeping of what people left behind: old attempts, sessions and tokens that have run out."""

from __future__ import annotations

from celery import shared_task
from django.contrib.sessions.models import Session
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from accounts import throttle


@shared_task(name="accounts.trim")
def trim_accounts() -> int:
    """Forget what can no longer matter; returns how many attempts went."""
    now = timezone.now()
    Session.objects.filter(expire_date__lt=now).delete()
    OutstandingToken.objects.filter(expires_at__lt=now).delete()
    return throttle.trim(now)
