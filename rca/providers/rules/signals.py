"""What a matcher saw in a text, and how much it weighs against what the others saw.

The weights are an order, not a probability. What leaves no doubt (`ROOT`: memory ran out, a named right is
missing) beats the vendor's own code, for many codes are written by a wrapper that did not know the cause. A
specific code beats an ordinary phrase. Sentences about settings (`SETUP`) and about the thing that broke
around the cause (`OUTER`: the cluster, the service) count less, exception classes less again, single words
least. A mere wrapper (`WRAPPER`) lies below the threshold: it claims no class.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ROOT: Final = 92
CODE: Final = 87
DECISIVE: Final = 80
MENTIONED_CODE: Final = 76
SETUP: Final = 70
STRONG: Final = 62
OUTER: Final = 58
EXCEPTION: Final = 54
MEDIUM: Final = 48
WEAK: Final = 36
GENERIC_CODE: Final = 44
THRESHOLD: Final = 30
WRAPPER: Final = 20
DEPTH_BONUS: Final = 7
GUESS_PENALTY: Final = 20


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing that speaks for a cause class.

    `position` is where in the normalised text it was seen (-1: it came apart from the text); `label` is what
    a person is shown as the reason; `code` the vendor's code where the signal is one.
    """

    cause_class: str
    weight: int
    label: str
    position: int = -1
    transient: bool | None = None
    code: str = ""
