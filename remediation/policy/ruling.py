"""The verdict on one failure by the table's rows: the next step of its row, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rca.catalogue.loader import fold
from remediation.policy.table import DATA_LOSS, NEVER, RULES, Rule
from remediation.states import Kind, PlaybookName, Risk, State, Verdict
from tickets.choices import CauseClass as C
from tickets.choices import Confidence

SURE_ENOUGH: Final = frozenset({Confidence.HIGH, Confidence.VERY_HIGH})
LONGEST_WAIT: Final = 3600
"""A vendor may ask for more patience than this (seconds); then people are asked."""
BY_HAND: Final = "by_hand"
"""The rule of what a person asked for: it is no row of the table, and uses up no row's tries."""


@dataclass(frozen=True, slots=True)
class Code:
    """A code of the vendor's structured record, and what the catalogue knows of it."""

    name: str
    cause_class: str = ""
    is_transient: bool = False


@dataclass(frozen=True, slots=True)
class Tried:
    """An earlier attempt at the same failure."""

    rule: str
    step: int
    state: str


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a decision rests on. `codes` are empty while the vendor has not been asked.

    `is_addressed`: a text of the failure speaks to a language model. `retry_after` is what the vendor asked for,
    in seconds.
    """

    kind: str
    error_type: str
    cause_class: str
    confidence: str
    is_addressed: bool = False
    codes: tuple[Code, ...] = ()
    tried: tuple[Tried, ...] = ()
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """The policy's answer with its reasons, the deciding one first."""

    verdict: Verdict
    reasons: tuple[str, ...]
    rule: str = ""
    step: int = 0
    try_number: int = 1
    most_tries: int = 1
    playbook: PlaybookName | None = None
    risk: Risk = Risk.LOW
    wait_seconds: int = 0
    is_exhausted: bool = False

    @property
    def may_heal(self) -> bool:
        return self.verdict in {Verdict.ACT, Verdict.ASK}


def decide(facts: Facts) -> Ruling:
    """The verdict on one failure, the next step of its row, and why."""
    if (why := _never(facts)) is not None:
        return Ruling(Verdict.NEVER, (why,))
    rule, code = _by_code(facts)
    if rule is None:
        rule = _by_finding(facts)
    if rule is None:
        return Ruling(Verdict.NO, (_no_row(facts),))
    if facts.cause_class not in {*rule.causes, C.UNKNOWN}:
        return Ruling(
            Verdict.NO,
            (f"The row “{rule.title}” fits, but the rules see {facts.cause_class}: people decide.",),
            rule.name,
        )
    return _next(rule, code, facts)


def for_person(facts: Facts, playbook: PlaybookName) -> Ruling:
    """The verdict on a playbook that a person asks for: what must never be repaired stays so, and all else asks."""
    why = _never(facts)
    if why is not None and playbook != PlaybookName.CHECK_PERMISSIONS:
        return Ruling(Verdict.NEVER, (why,))
    for rule in RULES:
        for number, step in enumerate(rule.steps):
            if step.playbooks.get(facts.kind) == playbook:
                return Ruling(
                    Verdict.ASK, ("A person asked for it.",), BY_HAND, number, playbook=playbook, risk=step.risk
                )  # fmt: skip
    if playbook == PlaybookName.CHECK_PERMISSIONS:
        return Ruling(Verdict.ASK, ("A person asked for it.",), BY_HAND, playbook=playbook)
    return Ruling(Verdict.NO, (f"This playbook is not for a {Kind(facts.kind).label.lower()}.",))


def _never(facts: Facts) -> str | None:
    for name in (facts.error_type, *(code.name for code in facts.codes)):
        if any(part in name.upper() for part in DATA_LOSS):
            return f"{name} tells of lost or damaged data: nothing is run again before people have looked."
    for cause in (facts.cause_class, *(code.cause_class for code in facts.codes)):
        if cause in NEVER:
            return f"Never for {cause}: {NEVER[cause]}."
    return None


def _by_code(facts: Facts) -> tuple[Rule | None, str]:
    """The row that a code of the vendor's own record names: first by its name, then by its class."""
    for code in facts.codes:
        for rule in RULES:
            if fold(code.name) in rule.names and rule.fits(facts.kind):
                return rule, code.name
    for code in facts.codes:
        for rule in RULES:
            if code.is_transient and code.cause_class in rule.code_classes and rule.fits(facts.kind):
                return rule, code.name
    return None, ""


def _by_finding(facts: Facts) -> Rule | None:
    for rule in RULES:
        if (
            fold(facts.error_type) in rule.names
            and rule.fits(facts.kind)
            and facts.cause_class in rule.causes
        ):
            return rule
    return None


def _no_row(facts: Facts) -> str:
    seen = ", ".join(dict.fromkeys(code.name for code in facts.codes)) or "no vendor code"
    return (
        f"No row of the policy fits {facts.error_type or 'an unknown error'} ({facts.cause_class}; {seen})."
    )


def _next(rule: Rule, code: str, facts: Facts) -> Ruling:
    """The next try of the current step, else the first of the next one, else none."""
    tried = [item for item in facts.tried if item.rule == rule.name]
    if others := [item for item in facts.tried if item.rule != rule.name]:
        return Ruling(
            Verdict.NO,
            (f"The error changed: {others[-1].rule} was tried, now it is {rule.name}. People look first.",),
            rule.name,
        )
    steps = [(number, step) for number, step in enumerate(rule.steps) if facts.kind in step.playbooks]
    for number, step in steps:
        made = sum(item.step == number and item.state in {State.FAILED, State.SUCCEEDED} for item in tried)
        if made < len(step.waits):
            return _ruling(rule, code, facts, number, made)
    return Ruling(
        Verdict.NO,
        (f"All {len(tried)} attempts of “{rule.title}” were made.",),
        rule.name,
        is_exhausted=True,
    )


def _ruling(rule: Rule, code: str, facts: Facts, number: int, made: int) -> Ruling:
    step = rule.steps[number]
    playbook = step.playbooks[Kind(facts.kind)]
    why = [f"Row “{rule.title}”, because {_because(code, facts)}."]
    asks = []
    if step.needs_approval:
        asks.append("This step needs an approval.")
    if not code:
        asks.append(
            "Only the text of the error says so, no code of the vendor's record: a person must agree."
        )
    if facts.is_addressed:
        asks.append("The text holds instructions to a model: a person must read it.")
    if facts.confidence not in SURE_ENOUGH and not code:
        asks.append(f"The rules are not sure ({facts.confidence or 'no'} confidence).")
    wait = max(step.waits[made], round(facts.retry_after or 0))
    if wait > LONGEST_WAIT:
        asks.append(f"The vendor asks for {wait} seconds of patience.")
        wait = LONGEST_WAIT
    return Ruling(
        Verdict.ASK if asks else Verdict.ACT,
        (*why, *asks),
        rule.name,
        number,
        made + 1,
        len(step.waits),
        playbook,
        step.risk,
        wait,
    )


def _because(code: str, facts: Facts) -> str:
    if code:
        return f"the vendor's record says {code}"
    return f"the rules read {facts.error_type} ({facts.cause_class}) in the error's text"
