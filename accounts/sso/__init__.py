"""Single sign-on by OpenID Connect: `provider` speaks with the issuer, `people` decides who it is here."""

from __future__ import annotations

from django.conf import settings


def is_on() -> bool:
    return bool(settings.OIDC_ISSUER and settings.OIDC_CLIENT_ID)
