"""Weighs all signals of one case and decides, or abstains."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from rca.case import Case
from rca.catalogue import Catalogue, load_catalogue
from rca.providers.rules.codes import FoundCode, code_signal, find_codes, pick
from rca.providers.rules.grammar import complaint_signals
from rca.providers.rules.likeness import likeness
from rca.providers.rules.numbers import number_signals, sql_number_signal
from rca.providers.rules.phrases import complains, phrase_signals
from rca.providers.rules.signals import (
    CODE,
    DEPTH_BONUS,
    GENERIC_CODE,
    GUESS_PENALTY,
    MEDIUM,
    ROOT,
    SETUP,
    STRONG,
    THRESHOLD,
    WEAK,
    Signal,
)
from rca.providers.rules.text import ErrorText, own_code, prepare
from tickets.choices import CauseClass, Confidence

# Whether a second try may succeed, where no signal said it.
TRANSIENT_CLASSES: Final = frozenset(
    {
        CauseClass.TIMEOUT,
        CauseClass.THROTTLING,
        CauseClass.UPSTREAM_SERVICE_OUTAGE,
        CauseClass.CLUSTER_INFRASTRUCTURE_FAILURE,
    }
)
CLEAR_MARGIN: Final = 4
# What the likeness of the wording may add to a class that a signal names, how far below the strongest such a signal may
# lie, and from which share and length of text (in words) on the likeness may name a class where no signal does.
LIKENESS_POINTS: Final = 30
LIKENESS_REACH: Final = 15
LIKENESS_ALONE: Final = 0.7
LIKENESS_WORDS: Final = 6
# From which share on the likeness outvotes a sentence below this weight: a telling word sooner than a whole sentence.
LIKENESS_OUTVOTES: Final = ((0.6, SETUP), (0.8, ROOT))
LIKENESS_LABEL: Final = "the wording, which resembles such failures"
_AT_SINK: Final = "happened on 'sink' side"
_SAYS_RETRY: Final = (
    "please retry",
    "try again",
    "retry later",
    "retrying",
    "temporar",
    "transient",
    "intermittent",
)
_RETRY_CAN_HELP: Final = TRANSIENT_CLASSES | {
    CauseClass.NETWORK_CONNECTIVITY,
    CauseClass.CAPACITY_OR_QUOTA,
    CauseClass.CONCURRENCY_CONFLICT,
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The class that won, the signal that decided, everything that spoke, and the codes seen."""

    cause_class: str
    transient: bool | None
    deciding: Signal | None
    signals: tuple[Signal, ...]
    codes: tuple[FoundCode, ...]
    text: ErrorText
    margin: int

    @property
    def confidence(self) -> str:
        if self.deciding is None:
            return str(Confidence.LOW)
        steps = (Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH, Confidence.VERY_HIGH)
        level = sum(self.deciding.weight >= bar for bar in (MEDIUM, SETUP, ROOT))
        level += self._is_confirmed() and level == 2
        return str(steps[max(0, level - (self.margin < CLEAR_MARGIN))])

    def _is_confirmed(self) -> bool:
        """Whether a specific catalogued code says the same as the text, or decided itself."""
        return any(
            found.entry is not None
            and found.entry.role == "specific"
            and found.entry.cause_class == self.cause_class
            for found in self.codes
            if not found.is_exception
        )


def judge(case: Case, message: str) -> Verdict:
    """The verdict on one text in the light of the case's own code. Pure; milliseconds."""
    text = prepare(message)
    catalogue = load_catalogue()
    is_cluster = case.resource_type == "cluster"
    codes = find_codes(text.raw, catalogue, case.platform, is_cluster=is_cluster)
    signals = [in_context(signal, text) for signal in _all_signals(case, text, codes, catalogue)]
    if code := own_code(case.code):
        entry = pick(catalogue.find(code), case.platform, is_cluster=is_cluster)
        own = FoundCode(code, -1, is_declared=True, entry=entry)
        codes.insert(0, own)
        signals.extend(_of_own_code(own, text))
    return decide(signals, codes, text, likeness(f"{own_code(case.code)} {text.raw}"))


def _all_signals(
    case: Case, text: ErrorText, codes: list[FoundCode], catalogue: Catalogue
) -> Iterable[Signal]:
    spans = code_spans(codes, text.plain)
    for signal in (*phrase_signals(text.plain), *complaint_signals(text.plain)):
        if not any(
            start <= signal.position < end and signal.cause_class != cause for start, end, cause in spans
        ):
            yield signal
    speaks_sql = "sql" in text.plain or case.platform == "synapse"
    yield from number_signals(text.plain, speaks_sql=speaks_sql)
    for found in codes:
        if of_code := code_signal(found, text.plain):
            yield of_code
    for entry in catalogue.labelled:
        if all(phrase in text.plain for phrase in entry.phrases) and entry.cause_class != CauseClass.UNKNOWN:
            weight = GENERIC_CODE if entry.is_generic else CODE
            position = text.plain.find(entry.phrases[0])
            yield Signal(entry.cause_class, weight, entry.meaning, position, entry.transient)


def code_spans(codes: list[FoundCode], plain: str) -> list[tuple[int, int, str]]:
    """Where catalogued codes stand in the text, and their class.

    A pattern of another class that matches inside a code's name (`does_not_exist`) must not contradict it.
    """
    spans = []
    for found in codes:
        if found.entry is not None and found.entry.role == "specific" and not found.is_exception:
            start = plain.find(found.code.lower())
            if start >= 0:
                spans.append((start, start + len(found.code), found.entry.cause_class))
    return spans


def _of_own_code(own: FoundCode, text: ErrorText) -> Iterable[Signal]:
    of_code = code_signal(own, text.plain)
    if of_code:
        yield of_code
    is_open = own.entry is None or own.entry.is_generic  # 208 is HDInsight's and SQL Server's
    if is_open and (of_number := sql_number_signal(own.code)):
        yield of_number
    if not own.code.isdigit():
        yield from number_signals(f"sqlstate {own.code.lower()}", speaks_sql=False)


def in_context(signal: Signal, text: ErrorText) -> Signal:
    """What the place of a signal adds to it.

    Inside the innermost cause it counts more than the wrapper around it; inside a list of possible causes, less, for
    at most one of them is true. What a copy misses at its sink is no source data.
    """
    if signal.cause_class == CauseClass.MISSING_SOURCE_DATA and _AT_SINK in text.plain:
        signal = replace(signal, cause_class=str(CauseClass.RESOURCE_NOT_FOUND))
    if signal.position >= text.deep_from:
        return replace(signal, weight=signal.weight + DEPTH_BONUS)
    start, end = text.guesses
    if start <= signal.position < end:
        return replace(signal, weight=max(THRESHOLD, min(WEAK, signal.weight - GUESS_PENALTY)))
    return signal


def decide(
    signals: list[Signal], codes: list[FoundCode], text: ErrorText, resembled: dict[str, float] | None = None
) -> Verdict:
    """The class with the strongest signal; agreeing signals add a little; unknown below the threshold.

    `resembled` is the wording's share of each class: it shifts the balance between classes that signals of about the
    same strength name, and names one itself where its share is high and neither a code nor a sentence without
    doubt spoke.
    """
    resembled = resembled or {}
    if not signals:
        signals = list(_by_wording(resembled, text))
    ranked = sorted(signals, key=lambda signal: (signal.weight, signal.position), reverse=True)
    winner, margin = _weigh(ranked, resembled)
    deciding = next((signal for signal in ranked if signal.cause_class == winner), None)
    if deciding is not None and (outvoting := _outvoting(deciding, resembled, text)):
        ranked.insert(0, outvoting)
        winner, deciding, margin = outvoting.cause_class, outvoting, 0
    return Verdict(
        cause_class=winner,
        transient=transience(winner, deciding, ranked, text),
        deciding=deciding,
        signals=tuple(ranked),
        codes=tuple(codes),
        text=text,
        margin=margin,
    )


def _weigh(ranked: list[Signal], resembled: dict[str, float]) -> tuple[str, int]:
    """The class with the highest score, and by how much its own signals lie above those of the next."""
    scores: dict[str, int] = {}
    for signal in ranked:
        if signal.cause_class not in scores:
            scores[signal.cause_class] = signal.weight
        elif signal.weight >= STRONG:
            scores[signal.cause_class] += 1
    spoken = dict(scores)
    for cause in [cause for cause in scores if scores[cause] >= max(spoken.values()) - LIKENESS_REACH]:
        scores[cause] += round(LIKENESS_POINTS * resembled.get(cause, 0.0))
    order = sorted(scores, key=lambda cause: scores[cause], reverse=True)
    winner = order[0] if order and scores[order[0]] >= THRESHOLD else CauseClass.UNKNOWN
    return str(winner), min((spoken[order[0]] - spoken[other] for other in order[1:]), default=99)


def _outvoting(deciding: Signal, resembled: dict[str, float], text: ErrorText) -> Signal | None:
    """The likeness in the place of a sentence of another class that it outvotes; None where it does not.

    Codes and statuses are the vendor's own word, and where a text is nested or lists guesses its order tells more
    than its wording: these stand.
    """
    cause = max(resembled, key=lambda name: resembled[name], default=CauseClass.UNKNOWN)
    stands = not deciding.label.startswith("“") or deciding.position >= text.deep_from or any(text.guesses)
    if stands or cause in (deciding.cause_class, CauseClass.UNKNOWN) or not _tells_enough(text):
        return None
    if any(resembled[cause] >= share and deciding.weight < bar for share, bar in LIKENESS_OUTVOTES):
        return Signal(cause, max(deciding.weight, WEAK), LIKENESS_LABEL)
    return None


def _tells_enough(text: ErrorText) -> bool:
    return len(text.plain.split()) >= LIKENESS_WORDS and complains(text.plain)


def _by_wording(resembled: dict[str, float], text: ErrorText) -> Iterable[Signal]:
    if not _tells_enough(text):
        return
    for cause, share in resembled.items():
        if share >= LIKENESS_ALONE and cause != CauseClass.UNKNOWN:
            yield Signal(cause, WEAK, LIKENESS_LABEL)


def transience(winner: str, deciding: Signal | None, ranked: list[Signal], text: ErrorText) -> bool | None:
    """Whether trying again without a change may succeed. None where neither class nor wrapper is known."""
    if deciding is None:
        return None
    if winner == CauseClass.UNKNOWN:
        return deciding.transient
    if winner in _RETRY_CAN_HELP and any(mark in text.plain for mark in _SAYS_RETRY):
        return True
    for signal in ranked:
        if signal.cause_class == winner and signal.transient is not None:
            return signal.transient
    return winner in TRANSIENT_CLASSES
