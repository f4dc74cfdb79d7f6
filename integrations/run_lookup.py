"""Asking a vendor which runs failed behind an alert that names none."""

from __future__ import annotations

from integrations.azure_identity import management_tokens, synapse_tokens
from integrations.datafactory.resource import parse_host_id
from integrations.errors import NotConfiguredError


def can_look_up(source: str, resource_id: str) -> bool:
    """Whether the settings hold a credential for the factory or workspace that an alert of `source` names.

    Nothing is sent: the door asks this before it answers.
    """
    host = parse_host_id(resource_id)
    if host is None or source != ("adf" if host.kind == "factory" else "synapse"):
        return False
    try:
        management_tokens() if host.kind == "factory" else synapse_tokens()
    except NotConfiguredError:
        return False
    return True
