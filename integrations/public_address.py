"""Addresses that people type into the console: only public hosts are called, so that the desk is no way into a net.

The vendors' own addresses come from the settings and are not looked at here. A host may be allowed by name
(`ESCALATION_WEBHOOK_HOSTS`); that is how a receiver inside the same network is reached.
"""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from integrations.errors import IntegrationError

_INSIDE = tuple(
    map(
        ipaddress.ip_network,
        (
            "168.63.129.16/32",  # Azure's wire server: metadata and DNS of the virtual machine
            "192.0.0.0/24",  # RFC 6890, protocol assignments
            "::/96",  # RFC 4291, 2.5.5.1: IPv4-compatible
            "::ffff:0:0:0/96",  # RFC 2765, 2.1: IPv4-translated
            "64:ff9b::/96",  # RFC 6052: NAT64, leads to the IPv4 address at its end
            "64:ff9b:1::/48",  # RFC 8215: the same, local
            "2002::/16",  # RFC 3056: 6to4
            "fec0::/10",  # RFC 3879: site-local
        ),
    )
)
"""Refused beside what Python knows not to be global: some hold an IPv4 address that a gateway unwraps."""


def public_addresses(vendor: str, url: str, allowed_hosts: tuple[str, ...]) -> tuple[str, ...]:
    """The addresses of the URL's host, for the call to connect to: a name may be answered otherwise a moment later.

    None for a host that is allowed by name. Raises IntegrationError unless `url` is https to a host that resolves to
    public addresses only.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if host in {name.lower() for name in allowed_hosts}:
        return ()
    if parts.scheme != "https" or not host:
        raise _refused(vendor, "the address must begin with https://")
    try:
        found = [
            str(entry[4][0]) for entry in socket.getaddrinfo(host, parts.port or 443, type=socket.SOCK_STREAM)
        ]
    except (OSError, UnicodeError):
        raise IntegrationError(
            f"{vendor}: the host's name cannot be resolved", vendor=vendor, permanent=False, code="dns"
        ) from None
    if not found or not all(_is_public(address) for address in found):
        raise _refused(vendor, "the host is not on the public network")
    return tuple(dict.fromkeys(found))


def _is_public(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address.split("%", 1)[0])
    except ValueError:
        return False
    if getattr(found, "ipv4_mapped", None) is not None or any(found in network for network in _INSIDE):
        return False
    return found.is_global and not found.is_multicast


def _refused(vendor: str, why: str) -> IntegrationError:
    return IntegrationError(
        f"{vendor}: {why}",
        vendor=vendor,
        permanent=True,
        code="address_refused",
        advice="Use a public https address, or name the host in ESCALATION_WEBHOOK_HOSTS.",
    )
