"""What a text says of a name: that it does not exist, could not be opened, is invalid; or that it only holds the other.

Of several names the one complained of is meant. "failed" says less than "does not exist": what failed is often the
wrapper of what is missing. All expressions are bounded.
"""

from __future__ import annotations

import re
from typing import Final

STRONG: Final = 2
WEAK: Final = 1
NONE: Final = 0
ADVISED: Final = -1

_CONTAINER: Final = (
    r"(?:of|in|on|under|from|at|within|inside|for|referenced by|used by|belonging to) "
    r"(?:the )?(?:[A-Za-z]{2,15} ){1,3}"
)
_AFTER: Final = re.compile(
    rf"(?:['\"`\]]{{0,2}} {_CONTAINER}['\"`\[][^'\"`\]\n]{{1,80}})?"
    r"[\s'\"`\])>,.]{0,4}(?:[a-z]{1,15} ){0,2}?(?:(?P<weak>failed\b|overlaps|remained)|has no "
    r"|does(?: no|n')t (?:exist|resolve|allow DBNull)|do not exist"
    r"|(?:is|was|are|were) (?:no longer|already|missing|locked|offline|empty|corrupt|full|deleted|stopped|unavailable"
    r"|in unexpected|invalid|disabled|denied|not (?!authorized|allowed|permitted|able|a member))"
    r"|(?:is|was)n't |(?:cannot|can't|could not|couldn't) be |not found|already exists|has (?:been|reached|exceeded)"
    r"|has incompatible)"
)
_BEFORE: Final = re.compile(
    r"(?:error (?:indexing|executing|running|invoking)"
    r"|(?:cannot|can't|can not|could not|couldn't|unable to|failed to|not able to|failure to|error (?:while|when)) "
    r"(?:find|open|access|read|reach|resolve|load|locate|import|list|delete|drop|parse|start|download|create|write"
    r"|reading|loading|opening|accessing|parsing)|no such|invalid|unknown|unresolved|undefined|missing"
    r"|already mounted|insert the value null into)(?: [a-z]{1,12}){0,4}:? ?[\s'\"`\[(]{0,3}$",
    re.IGNORECASE,
)
# "does not have USE SCHEMA on Schema 'x'": the right is missing on this.
_RIGHT_BEFORE: Final = re.compile(
    r"(?:does not have|lacks|has no|not granted) [A-Za-z_ ]{2,50} (?:on|for|over) (?:the )?(?:[A-Za-z]{2,15} ){0,3}"
    r"['\"`\[]{0,2}$"
)
_HOLDS_THE_OTHER: Final = re.compile(rf"['\"`\]] {_CONTAINER}['\"`\[]{{1,2}}$")
# What the text advises to set is a remedy, not what failed; it is named where there is nothing else.
_ADVICE: Final = re.compile(
    r"\b(?:please set|set the (?:session )?(?:configuration|config|property|option)|by setting|try setting|can set"
    r"|consider (?:setting|increasing|boosting|raising|enabling)|to enable|increase|refer to|see the)"
    r"(?:,? [A-Za-z]{1,14}){0,8}[:,]?[\s'\"`\[(]{1,4}$|\.(?:option|config|conf\.set)\([\"']{1,2}$",
    re.IGNORECASE,
)
_EXAMPLE: Final = re.compile(
    r"(?:for example|e\.g\.|such as|did you mean|valid \w{1,20} are|available \w{1,20} are)[^.]{0,40}$",
    re.IGNORECASE,
)


def complaint_about(raw: str, start: int, end: int) -> int:
    """How plainly the text complains of the name between these places, or whether it only advises it."""
    if _ADVICE.search(raw, max(0, start - 90), start):
        return ADVISED
    if complained_before(raw, start) or _RIGHT_BEFORE.search(raw, max(0, start - 90), start):
        return STRONG
    after = _AFTER.match(raw, end)
    if after is None or _HOLDS_THE_OTHER.search(raw, max(0, start - 60), start):
        return NONE
    return WEAK if after["weak"] else STRONG


def complained_before(raw: str, start: int) -> bool:
    """Whether what stands right before this place says that the next name is missing or wrong."""
    return _BEFORE.search(raw, max(0, start - 60), start) is not None


def is_in_example(raw: str, start: int) -> bool:
    """Whether the text offers this name as an example or as what may have been meant."""
    return _EXAMPLE.search(raw, max(0, start - 60), start) is not None
