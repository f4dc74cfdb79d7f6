"""A model's finding weighed against the rules' view of the same case. Plain functions over plain data."""

from __future__ import annotations

import dataclasses

from rca.answers import min_confidence
from rca.case import Finding
from tickets.choices import PRIORITY_OF_SEVERITY, CauseClass, Confidence, Severity


def weighed(finding: Finding, rules: Finding, severity_now: str, *, is_addressed: bool) -> Finding:
    """A model's finding beside the rules' view.

    Where they disagree on the class, the confidence drops by a step and to Medium at most, and both are named. A
    model may raise the severity and never lower it: error text is written by strangers, and a text that talks a
    model into "Low" would hide an incident. Where the text speaks to models (`is_addressed`) it raises nothing
    either, the rules name the error type, and without their agreement the confidence is Low.
    """
    severity = rules.severity or severity_now
    if finding.severity and not is_addressed and _rank(finding.severity) < _rank(severity):
        severity = finding.severity
    confidence, rationale = finding.confidence, finding.rationale
    if disagree(finding, rules):
        confidence = min_confidence(_one_lower(confidence), Confidence.MEDIUM)
        seen = f"The rules see {rules.cause_class} ({rules.confidence}), so the confidence is lowered."
        rationale = f"{rationale} {seen}".strip()
    if is_addressed:
        agrees = rules.cause_class == finding.cause_class
        confidence = confidence if agrees else str(Confidence.LOW)
        rationale = f"{rationale} The text holds instructions to a model; read it yourself.".strip()
    has_same_class = rules.cause_class == finding.cause_class
    return dataclasses.replace(
        finding,
        error_type=rules.error_type if is_addressed else finding.error_type,
        severity=severity,
        priority=str(PRIORITY_OF_SEVERITY[severity]),
        confidence=confidence,
        rationale=rationale,
        transient=rules.transient if finding.transient is None and has_same_class else finding.transient,
        affected_entity=finding.affected_entity or rules.affected_entity,
        recommendations=finding.recommendations or rules.recommendations,
    )


def disagree(finding: Finding, rules: Finding) -> bool:
    """Whether both name a class, and not the same; "unknown" contradicts nothing."""
    return rules.cause_class != finding.cause_class and (
        CauseClass.UNKNOWN not in {rules.cause_class, finding.cause_class}
    )


def _rank(severity: str) -> int:
    return list(Severity.values).index(severity)


def _one_lower(confidence: str) -> str:
    order = list(Confidence.values)
    return order[min(order.index(confidence) + 1, len(order) - 1)]
