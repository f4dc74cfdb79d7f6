"""How often one may try to sign in or to register, counted in the database so that every process counts alike.

The tight limit is per account and address together, so that nobody can lock a colleague out from elsewhere;
wider ones bound what one address, or the whole world against one account, may try.
"""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from accounts.models import LoginAttempt

LOGIN = "login"
REGISTER = "register"
SSO = "sso"
KEPT = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` tries in `window`, by account, by address, or by both together."""

    count: int
    window: timedelta
    by_account: bool
    by_address: bool


LIMITS = {
    LOGIN: (
        Limit(10, timedelta(minutes=5), by_account=True, by_address=True),
        Limit(100, timedelta(minutes=15), by_account=True, by_address=False),
        Limit(100, timedelta(minutes=5), by_account=False, by_address=True),
    ),
    SSO: (Limit(200, timedelta(minutes=5), by_account=False, by_address=True),),  # two for each sign-in
    REGISTER: (Limit(60, timedelta(hours=1), by_account=False, by_address=True),),
}


class TooManyAttemptsError(Exception):
    """No further try now; `wait` says in how many seconds."""

    def __init__(self, wait: int) -> None:
        self.wait = wait
        super().__init__(f"Too many attempts; try again in {wait} seconds.")


def begin(kind: str, email: str, address: str) -> LoginAttempt:
    """Count a try before it is made, so that many at once cannot all slip through; raises TooManyAttemptsError."""
    now = timezone.now()
    account = hashlib.sha256(email.encode("utf-8", "surrogatepass")).hexdigest()
    attempt = LoginAttempt.objects.create(
        kind=kind, account=account, address=_network(address), created_at=now
    )
    for limit in LIMITS[kind]:
        wait = _wait(attempt, limit, now)
        if wait:
            attempt.delete()  # a refused try does not prolong the refusal
            raise TooManyAttemptsError(wait)
    return attempt


def forgive(attempt: LoginAttempt) -> None:
    """The try succeeded: what this person mistyped before from here no longer counts."""
    LoginAttempt.objects.filter(kind=attempt.kind, account=attempt.account, address=attempt.address).delete()


def trim(now: datetime) -> int:
    return LoginAttempt.objects.filter(created_at__lt=now - KEPT).delete()[0]


def _wait(attempt: LoginAttempt, limit: Limit, now: datetime) -> int:
    same = Q(kind=attempt.kind, created_at__gt=now - limit.window)
    if limit.by_account:
        same &= Q(account=attempt.account)
    if limit.by_address:
        same &= Q(address=attempt.address)
    # The newest `count` others: when there are that many, the oldest of them must first leave the window.
    others = LoginAttempt.objects.filter(same).exclude(pk=attempt.pk).order_by("-created_at", "-pk")
    times = list(others.values_list("created_at", flat=True)[: limit.count])
    if len(times) < limit.count:
        return 0
    return max(1, round((times[-1] + limit.window - now).total_seconds()))


def _network(address: str) -> str:
    """An IPv6 caller commands a whole /64: that is what is counted."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:45]
    if isinstance(found, ipaddress.IPv6Address) and not found.ipv4_mapped:
        return str(ipaddress.IPv6Network((found, 64), strict=False))[:45]
    return str(found.ipv4_mapped or found) if isinstance(found, ipaddress.IPv6Address) else str(found)
