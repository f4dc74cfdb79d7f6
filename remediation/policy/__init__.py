"""What may be repaired, how, how often and who must say yes: one table, and plain functions over plain data.

Pure: no database, no settings, no clock, no vendor. The facts come from two places only: codes in the vendor's own
structured record of the failure, and the finding of the rules (`rca.providers.rules`). A model's answer has no way
in here. A failure that only the rules' reading of a text explains may be proposed, never repaired without a yes:
whoever can make a job fail can write that text.
"""

from remediation.policy.ruling import BY_HAND, Code, Facts, Ruling, Tried, decide, for_person
from remediation.policy.table import NEVER, RULES, Rule, Step

__all__ = [
    "BY_HAND", "NEVER", "RULES", "Code", "Facts", "Rule", "Ruling", "Step", "Tried", "decide", "for_person",
]  # fmt: skip
