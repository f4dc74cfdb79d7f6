"""What becomes of a failure: the vendor is asked, the policy rules, the guards speak, and an attempt is written down.

The verdict with its reasons is kept whatever it is, so that people can read why nothing was done.
"""

from remediation.deciding.decision import consider, decide_ticket, queue_decision

__all__ = ["consider", "decide_ticket", "queue_decision"]
