"""How much a text resembles the failures of each class: a small linear model beside the signals.

The weights (`rca/catalogue/likeness.json`) are made by `scripts/train_likeness.py` from the catalogue and the labelled
sets; here they are only added up. A text is seen as its words, the parts of its code-like words (`.blob`, `blob.not`)
and its neighbouring pairs. Linear in the text, and bounded by `MAX_WORDS`.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

from rca.catalogue import CatalogueError

MODEL: Final = Path(__file__).parents[2] / "catalogue" / "likeness.json"
MAX_WORDS: Final = 600
# Weights are whole numbers in the file: the model's, times this.
SCALE: Final = 10

_WORD: Final = re.compile(r"[A-Za-z][A-Za-z_]+")
_HUMP: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_IS_CODE: Final = re.compile(r"[a-z][A-Z]|[A-Za-z]_[A-Za-z]")
_NOISE: Final = re.compile(r"(?:https?|abfss?)://\S{1,300}|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}")


@dataclass(frozen=True, slots=True)
class Model:
    """`classes` by number; each feature's rarity and {class number: weight}; one bias for each class."""

    classes: tuple[str, ...]
    bias: tuple[float, ...]
    features: dict[str, tuple[float, tuple[tuple[int, float], ...]]]


def features_of(text: str) -> list[str]:
    """The features of a text, repeated as often as they occur."""
    found: list[str] = []
    before = ""
    for word in _WORD.findall(_NOISE.sub(" ", text))[:MAX_WORDS]:
        plain = word.lower().strip("_")
        if len(plain) < 2:
            continue
        found.append(plain)
        if _IS_CODE.search(word):
            parts = [part.lower() for part in _HUMP.findall(word)]
            found.extend(f".{part}" for part in parts)
            found.extend(f"{first}.{second}" for first, second in pairwise(parts))
        if before:
            found.append(f"{before} {plain}")
        before = plain
    return found


def likeness(text: str) -> dict[str, float]:
    """{cause class: share}, adding up to 1; empty where no feature of the text is known."""
    model = load_model()
    known = {name: count for name, count in Counter(features_of(text)).items() if name in model.features}
    if not known:
        return {}
    values = {name: (1 + math.log(count)) * model.features[name][0] for name, count in known.items()}
    length = math.sqrt(sum(value * value for value in values.values()))
    scores = list(model.bias)
    for name, value in values.items():
        for number, weight in model.features[name][1]:
            scores[number] += weight * value / length
    highest = max(scores)
    shares = [math.exp(score - highest) for score in scores]
    return {name: share / sum(shares) for name, share in zip(model.classes, shares, strict=True)}


@cache
def load_model() -> Model:
    """The project's model, read on first use and kept. Raises `CatalogueError` when the file is not usable."""
    try:
        data = json.loads(MODEL.read_text(encoding="utf-8"))
        features = {
            name: (row[0] / SCALE, tuple((row[i], row[i + 1] / SCALE) for i in range(1, len(row), 2)))
            for name, row in data["features"].items()
        }
        return Model(tuple(data["classes"]), tuple(value / SCALE for value in data["bias"]), features)
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise CatalogueError(
            f"{MODEL.name}: not usable ({error!r}); make it with scripts/train_likeness.py"
        ) from error
