"""Addresses that people type into the console: only public hosts are called, so that the desk is no way into a net.

The vendors' own addresses come from the settings and are not looked at here. A host may be allowed by name
(`ESCALATION_WEBHOOK_HOSTS`); that is how a receiver inside the same network is reached.
"""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from integrations.errors import IntegrationError


def check_public(vendor: str, url: str, allowed_hosts: tuple[str, ...]) -> None:
    """Raises IntegrationError unless `url` is https to a host that resolves to public addresses only, or is allowed."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if host in {name.lower() for name in allowed_hosts}:
        return
    if parts.scheme != "https" or not host:
        raise _refused(vendor, "the address must begin with https://")
    try:
        found = {
            entry[4][0] for entry in socket.getaddrinfo(host, parts.port or 443, type=socket.SOCK_STREAM)
        }
    except (OSError, UnicodeError):
        raise IntegrationError(
            f"{vendor}: the host's name cannot be resolved", vendor=vendor, permanent=False, code="dns"
        ) from None
    if not all(_is_public(str(address)) for address in found):
        raise _refused(vendor, "the host is not on the public network")


def _is_public(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address.split("%", 1)[0])
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_global and not found.is_multicast


def _refused(vendor: str, why: str) -> IntegrationError:
    return IntegrationError(
        f"{vendor}: {why}",
        vendor=vendor,
        permanent=True,
        code="address_refused",
        advice="Use a public https address, or name the host in ESCALATION_WEBHOOK_HOSTS.",
    )
