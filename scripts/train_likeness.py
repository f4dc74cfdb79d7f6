"""Makes `rca/catalogue/likeness.json`, the weights that `rca/providers/rules/likeness.py` adds up.

    python scripts/train_likeness.py [LABELLED.json ...]

Learns from the catalogue (codes with their meaning, families of names, telling patterns, wrappers as examples of
`unknown`), from the labelled sets named in `SETS`, and from the labelled files given. The sets `unseen`, `abstention`
and `injection` are left out on purpose: they measure. Needs scikit-learn, which the product does not; the same input
gives the same file.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from rca.providers.rules.likeness import MODEL, SCALE, features_of  # noqa: E402

SETS = ("failures", "variety", "round_two", "documented", "families")
FEATURES = 5_000
STRENGTH = 20.0
LEAST_WEIGHT = 0.4
TELLING = frozenset({"root", "decisive", "setup", "strong", "wrapper"})
CATALOGUE = ROOT / "rca" / "catalogue"


def main(files: list[str]) -> None:
    pairs = [*_messages(files), *_entries(), *_names(), *_patterns()]
    texts, labels = [text for text, _ in pairs], [label for _, label in pairs]
    text_tools: Any = importlib.import_module("sklearn.feature_extraction.text")
    linear: Any = importlib.import_module("sklearn.linear_model")

    def fit(vocabulary: list[str] | None) -> tuple[Any, Any]:
        words = text_tools.TfidfVectorizer(analyzer=features_of, sublinear_tf=True, vocabulary=vocabulary)
        model = linear.LogisticRegression(C=STRENGTH, max_iter=300)
        return words, model.fit(words.fit_transform(texts), labels)

    words, model = fit(None)
    strongest = (-abs(model.coef_).max(0)).argsort(kind="stable")[:FEATURES]
    words, model = fit(sorted(words.get_feature_names_out()[strongest]))
    rows = {
        name: [
            round(float(words.idf_[column]) * SCALE),
            *(
                value
                for number, weight in enumerate(model.coef_[:, column])
                if abs(weight) >= LEAST_WEIGHT
                for value in (number, round(float(weight) * SCALE))
            ),
        ]
        for column, name in enumerate(words.get_feature_names_out())
    }
    data = {
        "classes": [str(name) for name in model.classes_],
        "bias": [round(float(value) * SCALE) for value in model.intercept_],
        "features": rows,
    }
    MODEL.write_text(json.dumps(data, separators=(",", ":"), ensure_ascii=False) + "\n", encoding="utf-8")
    sys.stdout.write(f"{len(pairs)} texts, {len(rows)} features, {MODEL.stat().st_size // 1024} KB\n")


def _messages(files: list[str]) -> Iterator[tuple[str, str]]:
    for path in (*(ROOT / "rca" / "evaluation_sets" / f"{name}.json" for name in SETS), *map(Path, files)):
        for row in json.loads(path.read_text(encoding="utf-8")):
            yield f"{row.get('code') or ''} {row['message']}", row["cause_class"]


def _entries() -> Iterator[tuple[str, str]]:
    for path in sorted((CATALOGUE / "data").glob("*.json")):
        for row in json.loads(path.read_text(encoding="utf-8")):
            if row.get("role") != "not_a_failure":
                yield f"{row['code']} {row['meaning']}", row["cause_class"]


def _names() -> Iterator[tuple[str, str]]:
    for label, line, _ in _groups("names"):
        yield from ((name, label) for name in line.split())


def _patterns() -> Iterator[tuple[str, str]]:
    for label, line, weight in _groups("phrases"):
        if weight in TELLING:
            yield line.replace("…", " ").replace("&&", " "), label


def _groups(folder: str) -> Iterator[tuple[str, str, str]]:
    """(cause class, line, second word of the group's head) of the catalogue's text files."""
    for path in sorted((CATALOGUE / folder).glob("*.txt")):
        label = weight = ""
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("["):
                label, weight = line.strip("[]").split()[:2]
            elif line.strip() and not line.startswith("#"):
                yield label, line, weight


if __name__ == "__main__":
    main(sys.argv[1:])
