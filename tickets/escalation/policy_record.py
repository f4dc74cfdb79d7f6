"""A team's policy changed: who did it, and what it says now."""

from __future__ import annotations

from django.utils import timezone

from audit import actions
from audit.services import Actor, record
from tickets.clock_models import TeamPolicy
from tickets.escalation.services import shown_target


def record_change(policy: TeamPolicy, *, actor: Actor) -> None:
    """Inside the transaction that saves the policy and its steps."""
    policy.updated_by, policy.updated_at = actor.name or "System", timezone.now()
    policy.save(update_fields=["updated_by", "updated_at"])
    steps = list(policy.steps.all())
    record(
        actions.TEAM_POLICY_CHANGED,
        actor=actor,
        summary=f"{policy}: {len(steps)} escalation steps",
        details={
            "team": policy.team,
            "slack_channel": policy.slack_channel,
            "mention": policy.mention,
            "wants_digest": policy.wants_digest,
            "steps": [
                {"minutes": step.delay_minutes, "kind": step.kind, "target": shown_target(step)}
                for step in steps
            ],
        },
    )
