"""Clients that carry a person's token, as a script would."""

from __future__ import annotations

from rest_framework.test import APIClient

from accounts.models import User
from accounts.tokens import tokens_for


def client_of(user: User | None) -> APIClient:
    """A client signed in by JSON Web Token; without a person, an anonymous one."""
    client = APIClient()
    if user is not None:
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens_for(user)['token']}")
    return client
