"""Playbooks, the policy that allows them, attempts and approvals. Off unless AUTO_REMEDIATION_ENABLED is on."""
