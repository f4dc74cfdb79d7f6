"""How a team is told: its policy, or the one for every team without its own."""

from __future__ import annotations

import re

from tickets.models import TeamPolicy

_GROUPS = {"here", "channel", "everyone"}
_PERSON = re.compile(r"[UW][A-Z0-9]{5,20}")
_USER_GROUP = re.compile(r"S[A-Z0-9]{5,20}")


def policy_of(team: str) -> TeamPolicy | None:
    """The team's own policy, else the common one, else None."""
    found = {policy.team: policy for policy in TeamPolicy.objects.filter(team__in={team, ""})}
    return found.get(team) or found.get("")


def mention_markup(mention: str) -> str:
    """How Slack calls people: `here` becomes `<!here>`, a user's or group's id its link; "" for anything else."""
    word = mention.strip().lstrip("@")
    if word.lower() in _GROUPS:
        return f"<!{word.lower()}>"
    if _PERSON.fullmatch(word):
        return f"<@{word}>"
    if _USER_GROUP.fullmatch(word):
        return f"<!subteam^{word}>"
    return ""
