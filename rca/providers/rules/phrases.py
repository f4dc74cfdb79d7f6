"""Message patterns: the little language they are written in, its matcher, and the reader of their files.

The files are `rca/catalogue/phrases/*.txt`. A line in brackets begins a group: `[cause_class weight
transience]`, with a weight of `signals` in lower case and `retry`, `no-retry` or `either` (the class
decides). Every other line is one pattern: plain lower-case text as the vendor prints it, in quotes where a
space at its end counts. ` … ` stands for a gap of at most 160 characters within one sentence; ` && ` joins
parts that must all occur, anywhere. Double quotes, backticks and typographic quotes of a message arrive here
as one plain single quote.

There are no regular expressions: every step is a substring search, so no text can make a match slow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from rca.catalogue import CatalogueError
from rca.providers.rules import signals
from rca.providers.rules.signals import Signal
from tickets.choices import CauseClass

FILES: Final = Path(__file__).parents[2] / "catalogue" / "phrases"
WEIGHTS: Final[dict[str, int]] = {
    "root": signals.ROOT,
    "decisive": signals.DECISIVE,
    "setup": signals.SETUP,
    "strong": signals.STRONG,
    "outer": signals.OUTER,
    "exception": signals.EXCEPTION,
    "medium": signals.MEDIUM,
    "weak": signals.WEAK,
    "wrapper": signals.WRAPPER,
}
TRANSIENCE: Final[dict[str, bool | None]] = {"retry": True, "no-retry": False, "either": None}
# A word (`memory`, `schema`) means something only in a text that complains of anything at all.
_SUBJECT_ONLY: Final = frozenset({signals.STRONG, signals.MEDIUM, signals.WEAK})
COMPLAINS: Final = tuple(
    """fail|error|exception|cannot|could not|unable|not |no |invalid|denied|refus|lost|missing|exceed|terminated
    |timeout|timed out|unavailable|unreach|crash|abort|kill|reject|stopped|wrong|bad |broken|conflict|problem
    |issue|unexpected|unsupported|please|must|should|full|limit|expired|locked|died|dead|disconnect|cancel
    |illegal|corrupt|mismatch|violat|insufficient|exhaust|overflow|too |out of|incorrect|duplicate|ambiguous
    |only |unauthori|forbidden|quota|already exist|disabled|expected|grant """.replace("\n    ", "").split(
        "|"
    )
)
GAP: Final = 160
MAX_TRIES: Final = 20
MAX_BONUS: Final = 8
CHARACTERS_PER_POINT: Final = 4


@dataclass(frozen=True, slots=True)
class Phrase:
    """A compiled pattern: parts that must all occur, each a chain of pieces with bounded gaps.

    `bonus` grows with the length, for a longer pattern leaves less doubt.
    """

    source: str
    parts: tuple[tuple[str, ...], ...]
    bonus: int

    def find(self, text: str) -> int:
        """Where the last part begins, or -1. `text` is normalised (see `rca.providers.rules.text`)."""
        position = -1
        for part in self.parts:
            position = _find_chain(part, text)
            if position < 0:
                return -1
        return position


@dataclass(frozen=True, slots=True)
class Rule:
    """Patterns that speak for one class with one weight; `transient` None leaves it to the class."""

    cause_class: str
    weight: int
    transient: bool | None
    phrases: tuple[Phrase, ...]

    def signal(self, text: str) -> Signal | None:
        """The signal of the longest pattern that occurs."""
        best: Phrase | None = None
        position = -1
        for phrase in self.phrases:
            if phrase.parts[0][0] not in text or (best is not None and phrase.bonus < best.bonus):
                continue
            found = phrase.find(text)
            if found >= 0 and (best is None or (phrase.bonus, found) > (best.bonus, position)):
                best, position = phrase, found
        if best is None:
            return None
        return Signal(
            self.cause_class, self.weight + best.bonus, f"“{best.source}”", position, self.transient
        )


def complains(plain: str) -> bool:
    """Whether the normalised text says of anything that it went wrong."""
    return any(mark in plain + " " for mark in COMPLAINS)


def phrase_signals(plain: str) -> list[Signal]:
    """The signals of all rules that fire on the normalised text.

    The text is matched with a space behind it, so that a pattern may end with a word (`"code 1 "`).
    """
    text = plain + " "
    is_complaint = complains(plain)
    rules = (rule for rule in load_rules() if is_complaint or rule.weight not in _SUBJECT_ONLY)
    found = [signal for rule in rules if (signal := rule.signal(text))]
    return [signal for signal in found if not any(_explains(other, signal) for other in found)]


def _explains(longer: Signal, shorter: Signal) -> bool:
    """Whether a longer pattern of another class, and at least as strong, holds the shorter one in itself.

    `unable to parse expression` leaves nothing for `unable to parse` to say.
    """
    return (
        longer.cause_class != shorter.cause_class
        and longer.weight >= shorter.weight
        and shorter.label.strip("“”") in longer.label
    )


@cache
def load_rules() -> tuple[Rule, ...]:
    """The project's rules, read on first use and kept. Raises `CatalogueError` with file and line."""
    return tuple(rule for path in sorted(FILES.glob("*.txt")) for rule in read_rules(path))


def read_rules(path: Path) -> Iterator[Rule]:
    """The rules of one file. Raises `CatalogueError` with file and line."""
    group: tuple[str, int, bool | None] | None = None
    phrases: list[Phrase] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        where = f"{path.name}, line {number}"
        if not line.strip() or line.startswith("#"):
            continue
        if not line.startswith("["):
            phrases.append(compile_phrase(line, where))
            continue
        if group:
            yield Rule(*group, tuple(phrases))
        group, phrases = _read_group(line, where), []
    if group is None:
        raise CatalogueError(f"{path.name}: the first pattern needs a group [cause_class weight transience]")
    yield Rule(*group, tuple(phrases))


def _read_group(line: str, where: str) -> tuple[str, int, bool | None]:
    words = line.strip("[] \t").split()
    if (
        len(words) != 3
        or words[0] not in CauseClass.values
        or words[1] not in WEIGHTS
        or words[2] not in TRANSIENCE
    ):
        raise CatalogueError(
            f"{where}: {line!r} is not [cause_class weight transience] with a weight of {', '.join(WEIGHTS)} "
            f"and a transience of {', '.join(TRANSIENCE)}"
        )
    return words[0], WEIGHTS[words[1]], TRANSIENCE[words[2]]


def compile_phrase(line: str, where: str = "pattern") -> Phrase:
    """One line as a pattern. Raises `CatalogueError` when it could never match."""
    is_quoted = len(line) > 2 and line.startswith('"') and line.endswith('"')
    pattern = line[1:-1] if is_quoted else line.strip()
    parts = tuple(tuple(pattern_part.split(" … ")) for pattern_part in pattern.split(" && "))
    pieces = [piece for part in parts for piece in part]
    if pattern != pattern.lower() or not all(pieces) or pattern.strip() != pattern.strip(" …&"):
        raise CatalogueError(f"{where}: {line!r} must be lower-case text without empty parts")
    length = sum(map(len, pieces))
    return Phrase(pattern, parts, bonus=min(MAX_BONUS, length // CHARACTERS_PER_POINT))


def _find_chain(pieces: tuple[str, ...], text: str) -> int:
    if len(pieces) == 1:
        return text.rfind(pieces[0])
    start = text.find(pieces[0])
    for _ in range(MAX_TRIES):
        if start < 0 or _rest_follows(pieces, text, start + len(pieces[0])):
            return start
        start = text.find(pieces[0], start + 1)
    return -1


def _rest_follows(pieces: tuple[str, ...], text: str, end: int) -> bool:
    for piece in pieces[1:]:
        found = text.find(piece, end, end + GAP + len(piece))
        if found < 0 or ". " in text[end:found]:
            return False
        end = found + len(piece)
    return True
