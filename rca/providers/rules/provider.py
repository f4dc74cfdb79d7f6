"""The `rules` provider: explains a failure from the catalogue and message patterns, offline, in
milliseconds.
"""

from __future__ import annotations

from typing import Final

from rca.case import Case, EvidenceItem, Finding
from rca.catalogue import Entry, load_catalogue
from rca.providers.rules.advice import recommendations, root_cause
from rca.providers.rules.entities import affected_entity
from rca.providers.rules.error_types import error_type
from rca.providers.rules.signals import OUTER
from rca.providers.rules.text import own_code
from rca.providers.rules.verdict import Verdict, judge
from tickets.choices import PRIORITY_OF_SEVERITY, CauseClass, Confidence, Severity

MAX_EVIDENCE: Final = 20
MAX_MATCHED: Final = 8
_HISTORY_KINDS: Final = ("history", "similar", "run_history", "previous")


class RulesProvider:
    """Rule-based root cause analysis: no key, no network, no settings, no clock.

    The message decides; evidence is asked only where the message carries no more than a wrapper, and is then
    cited. Below the threshold the class is `unknown`: no answer is better than a wrong one.
    """

    name = "rules"

    def analyse(self, case: Case) -> Finding:
        """The finding for one case. Never raises for any text; time is bounded by the window of
        `text.prepare`.
        """
        verdict = judge(case, case.message)
        cited: tuple[int, ...] = ()
        if verdict.deciding is None or verdict.deciding.weight < OUTER:
            verdict, cited = _ask_evidence(case, verdict)
        cited = cited or _supporting(case, verdict)
        entity = affected_entity(verdict.text.raw, verdict.cause_class)
        entry = _entry(verdict)
        severity = _severity(verdict, entry)
        return Finding(
            provider=self.name,
            root_cause=root_cause(verdict.cause_class, entity, entry),
            error_type=error_type(
                own_code(case.code),
                verdict.codes,
                verdict.cause_class,
                case.platform,
                verdict.text.plain,
                resource_type=case.resource_type,
            ),
            cause_class=verdict.cause_class,
            confidence=verdict.confidence,
            recommendations=recommendations(verdict.cause_class, entity, entry, verdict.text.plain),
            transient=verdict.transient,
            affected_entity=entity,
            severity=severity,
            priority=str(PRIORITY_OF_SEVERITY[severity]) if severity else "",
            rationale=_rationale(verdict),
            citations=cited,
            is_hypothesis=verdict.confidence == Confidence.LOW,
            matched=tuple(dict.fromkeys(signal.label for signal in verdict.signals))[:MAX_MATCHED],
        )


def _ask_evidence(case: Case, verdict: Verdict) -> tuple[Verdict, tuple[int, ...]]:
    """The strongest verdict among the pieces of evidence, where one is stronger than the message's own."""
    best, number = verdict, 0
    for item in _telling(case):
        candidate = judge(case, item.text)
        if candidate.deciding and (best.deciding is None or candidate.deciding.weight > best.deciding.weight):
            best, number = candidate, item.number
    return best, (number,) if number else ()


def _supporting(case: Case, verdict: Verdict) -> tuple[int, ...]:
    """The first pieces of evidence that hold the deciding code or pattern word for word."""
    if verdict.deciding is None:
        return ()
    needle = (verdict.deciding.code or verdict.deciding.label.strip("“”")).lower()
    found = [item.number for item in _telling(case) if needle in item.text.lower()]
    return tuple(found[:3])


def _telling(case: Case) -> tuple[EvidenceItem, ...]:
    return tuple(item for item in case.evidence[:MAX_EVIDENCE] if item.kind.lower() not in _HISTORY_KINDS)


def _entry(verdict: Verdict) -> Entry | None:
    """The catalogue's entry of the deciding code, else of the first code that agrees with the class."""
    known = [
        found
        for found in verdict.codes
        if found.entry is not None and found.entry.cause_class == verdict.cause_class
    ]
    if verdict.deciding is not None and verdict.deciding.code:
        for found in known:
            if found.code == verdict.deciding.code:
                return found.entry
    if verdict.deciding is not None:
        for entry in load_catalogue().labelled:
            if entry.meaning == verdict.deciding.label and entry.cause_class == verdict.cause_class:
                return entry
    return next((found.entry for found in known if not found.is_exception), None)


def _severity(verdict: Verdict, entry: Entry | None) -> str:
    """Only where the finding itself gives a reason: what the catalogue says of the code, or a person's own
    stop.
    """
    if entry is not None and entry.severity:
        return entry.severity
    return str(Severity.LOW) if verdict.cause_class == CauseClass.USER_CANCELLED else ""


def _rationale(verdict: Verdict) -> str:
    """One sentence that names the deciding signal, and what speaks against it."""
    if verdict.deciding is None:
        text = "No known code or pattern was found, so no class is claimed."
    elif verdict.cause_class == CauseClass.UNKNOWN:
        text = f"{verdict.deciding.label} is only a wrapper; the text does not hold the cause."
    else:
        other = next(
            (signal for signal in verdict.signals if signal.cause_class != verdict.cause_class), None
        )
        text = f"Decided by {verdict.deciding.label}"
        if other is not None and verdict.margin < 6:
            text += f"; {other.label} speaks for {other.cause_class}"
        text += "."
    if verdict.text.has_foreign_instructions:
        text += " The text holds instructions to a model; they were ignored."
    return text
