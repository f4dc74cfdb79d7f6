"""The policy of the pages before signing in."""

from __future__ import annotations

import pytest
from django.test import Client


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/login", "/dashboard"])
def test_pages_carry_the_strict_policy(client: Client, path: str) -> None:
    policy = client.get(path).headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    for part in ("default-src 'self'", "script-src 'self'", "style-src 'self'", "object-src 'none'"):
        assert part in policy
    assert "base-uri 'none'" in policy
    assert "frame-ancestors 'none'" in policy
