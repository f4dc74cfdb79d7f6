"""Measures a provider on labelled failures (contract, sections 8 and 12). Pure: a list in, numbers out.

What is counted:
- `accuracy` and `macro_f1` over the cause classes that occur as labels; `unknown` counts as a class of its
  own.
- `transient_accuracy` over the items whose label is true or false.
- `error_type_accuracy` over the items that carry a code: it was handed over as `Case.code`, or it stands in
  the message. Equal without regard to case and to a final plural s.
- `entity_accuracy` over the items whose labelled entity stands in the message. Equal without regard to case,
  quotes and spaces, or one of the two holding the other (at least three characters): `"table 'orders'"` names
  `orders`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rca.case import Case, Finding, Provider
from tickets.choices import CauseClass


class EvaluationDataError(ValueError):
    """A labelled item of the wrong shape; the text names the item and the field."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """One failure with what is known to be true of it. `transient` None and "" mean: not labelled."""

    id: str
    platform: str
    message: str
    cause_class: str
    code: str = ""
    transient: bool | None = None
    affected_entity: str = ""
    resource_type: str = ""
    code_in_message: bool | None = None
    entity_in_message: bool | None = None


def read_items(data: Any) -> list[Labelled]:
    """The items of a parsed JSON file. Raises `EvaluationDataError` naming the item and the field."""
    if not isinstance(data, list):
        raise EvaluationDataError(f"expected a list of items, found {_kind(data)}")
    if not data:
        raise EvaluationDataError("the list holds no items")
    return [_read_item(row, number) for number, row in enumerate(data, start=1)]


def _read_item(row: Any, number: int) -> Labelled:
    if not isinstance(row, dict):
        raise EvaluationDataError(f"item {number}: expected an object, found {_kind(row)}")
    where = f"item {number} ({row['id']})" if isinstance(row.get("id"), str) else f"item {number}"
    for name in ("id", "platform", "message", "cause_class"):
        if not isinstance(row.get(name), str):
            raise EvaluationDataError(f"{where}: field {name}: expected a text, found {_kind(row.get(name))}")
    if row["cause_class"] not in CauseClass.values:
        raise EvaluationDataError(f"{where}: field cause_class: {row['cause_class']!r} is not a cause class")
    for name in ("code", "affected_entity", "resource_type"):
        if not isinstance(row.get(name), str | int | None) or isinstance(row.get(name), bool):
            raise EvaluationDataError(
                f"{where}: field {name}: expected a text or null, found {_kind(row[name])}"
            )
    for name in ("transient", "code_in_message", "entity_in_message"):
        if not isinstance(row.get(name), bool | None):
            raise EvaluationDataError(
                f"{where}: field {name}: expected true, false or null, found {_kind(row[name])}"
            )
    return Labelled(
        id=row["id"],
        platform=row["platform"],
        message=row["message"],
        cause_class=row["cause_class"],
        code=_text(row.get("code")),
        transient=row.get("transient"),
        affected_entity=_text(row.get("affected_entity")),
        resource_type=_text(row.get("resource_type")),
        code_in_message=row.get("code_in_message"),
        entity_in_message=row.get("entity_in_message"),
    )


def evaluate(items: Sequence[Labelled], provider: Provider, *, withhold_code: bool = False) -> dict[str, Any]:
    """Runs the provider over all items. `withhold_code`: the message comes without its code.

    Returns the object of contract section 12. Rates are between 0 and 1, None where nothing was labelled;
    `ms_per_item` is wall-clock time; `confusion` is {label: {answer: count}}.
    """
    findings, seconds = _timed(provider, [_case(item, withhold_code) for item in items])
    pairs = list(zip(items, findings, strict=True))
    per_class = _per_class(pairs)
    labels = {item.cause_class for item in items}
    return {
        "n": len(items),
        "provider": provider.name,
        "accuracy": _rate(finding.cause_class == item.cause_class for item, finding in pairs),
        "macro_f1": _mean([per_class[label]["f1"] for label in labels]),
        "transient_accuracy": _rate(
            finding.transient == item.transient for item, finding in pairs if item.transient is not None
        ),
        "error_type_accuracy": _rate(
            same_code(finding.error_type, item.code)
            for item, finding in pairs
            if _code_was_seen(item, withhold_code)
        ),
        "entity_accuracy": _rate(
            same_entity(finding.affected_entity, item.affected_entity)
            for item, finding in pairs
            if _entity_was_seen(item)
        ),
        "ms_per_item": round(seconds * 1000 / len(items), 3) if items else None,
        "per_class": per_class,
        "confusion": _confusion(pairs),
    }


def _case(item: Labelled, withhold_code: bool) -> Case:
    return Case(
        platform=item.platform,
        message=item.message,
        code="" if withhold_code else item.code,
        resource_type=item.resource_type,
    )


def _timed(provider: Provider, cases: Sequence[Case]) -> tuple[list[Finding], float]:
    """The provider's findings and the seconds that they took."""
    if cases:
        provider.analyse(cases[0])  # the first call reads the catalogue; it is not the time of an item
    started = time.perf_counter()
    findings = [provider.analyse(case) for case in cases]
    return findings, time.perf_counter() - started


def same_code(answer: str, label: str) -> bool:
    """Equal without regard to case and a final plural s."""
    return answer.lower().removesuffix("s") == label.lower().removesuffix("s")


def same_entity(answer: str, label: str) -> bool:
    """Equal after folding, or one holding the other."""
    left, right = _fold(answer), _fold(label)
    if left == right:
        return bool(left)
    return min(len(left), len(right)) >= 3 and (left in right or right in left)


def _code_was_seen(item: Labelled, withhold_code: bool) -> bool:
    if not item.code:
        return False
    if not withhold_code:
        return True
    return (
        item.code_in_message
        if item.code_in_message is not None
        else item.code.lower() in item.message.lower()
    )


def _entity_was_seen(item: Labelled) -> bool:
    if not item.affected_entity:
        return False
    if item.entity_in_message is not None:
        return item.entity_in_message
    return _fold(item.affected_entity) in _fold(item.message)


def _per_class(pairs: Sequence[tuple[Labelled, Finding]]) -> dict[str, dict[str, float | int]]:
    table: dict[str, dict[str, float | int]] = {}
    for name in sorted(
        {item.cause_class for item, _ in pairs} | {finding.cause_class for _, finding in pairs}
    ):
        hits = sum(item.cause_class == finding.cause_class == name for item, finding in pairs)
        labelled = sum(item.cause_class == name for item, _ in pairs)
        answered = sum(finding.cause_class == name for _, finding in pairs)
        table[name] = {
            "n": labelled,
            "precision": round(hits / answered, 4) if answered else 0.0,
            "recall": round(hits / labelled, 4) if labelled else 0.0,
            "f1": round(2 * hits / (answered + labelled), 4) if answered + labelled else 0.0,
        }
    return table


def _confusion(pairs: Sequence[tuple[Labelled, Finding]]) -> dict[str, dict[str, int]]:
    table: dict[str, Counter[str]] = {}
    for item, finding in pairs:
        table.setdefault(item.cause_class, Counter())[finding.cause_class] += 1
    return {label: dict(sorted(answers.items())) for label, answers in sorted(table.items())}


def _rate(verdicts: Iterable[bool]) -> float | None:
    return _mean([float(verdict) for verdict in verdicts])


def _mean(values: Sequence[float | int]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None


def _fold(text: str) -> str:
    return "".join(text.lower().translate({ord(mark): None for mark in "'\"`[]"}).split()).strip(".,;:")


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _kind(value: Any) -> str:
    names = {
        "NoneType": "nothing",
        "str": "a text",
        "dict": "an object",
        "list": "a list",
        "bool": "true or false",
    }
    return names.get(type(value).__name__, "a number")
