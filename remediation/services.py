"""The verbs of remediation. The policy is in `policy`, what stands before a call in `guards`."""

from __future__ import annotations

from remediation.approvals import (
    NotAllowedError,
    NotPossibleError,
    approve,
    expire,
    reject,
)
from remediation.asking import ask_after_quiet
from remediation.by_hand import ask_for_playbook, decide_request, request_playbook
from remediation.deciding import consider, decide_ticket
from remediation.resuming import resume_after_windows
from remediation.running import step
from remediation.switches import set_kill_switch, set_mode, set_playbook

__all__ = [
    "NotAllowedError",
    "NotPossibleError",
    "approve",
    "ask_after_quiet",
    "ask_for_playbook",
    "consider",
    "decide_request",
    "decide_ticket",
    "expire",
    "reject",
    "request_playbook",
    "resume_after_windows",
    "set_kill_switch",
    "set_mode",
    "set_playbook",
    "step",
]
