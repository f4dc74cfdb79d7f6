"""The ticket: its life cycle, SLA, FinOps tags, reads, API, admin and live updates.

Knows nothing of Slack, Jira or models; it announces what changed, and the layers above listen.
"""
