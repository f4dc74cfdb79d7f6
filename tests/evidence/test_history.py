"""A run beside the runs before it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rca.evidence import history
from rca.evidence.history import PastRun, Setup
from tests.evidence.play import START


def past(letters: str) -> list[PastRun]:
    """`ggf`: newest first, g good, f failed, c cancelled; one a day, each of ten minutes."""
    return [
        PastRun(f"r{n}", START - timedelta(days=n), letter == "g", letter == "f", 600_000)
        for n, letter in enumerate(letters, 1)
    ]


CURRENT = PastRun("r0", START, is_good=False, has_failed=True, duration_ms=1_200_000)


@pytest.mark.parametrize(
    ("letters", "verdict", "sentence"),
    [
        ("", "first", "No earlier run is known: this may be the first."),
        ("ggggg", "new", "New: the 5 runs before it succeeded."),
        ("g", "new", "New: the run before it succeeded."),
        ("gfgf", "flaky", "Flaky: 3 of the last 5 runs failed. The last success began 2026-11-19 02:00 UTC."),
        ("fgf", "flaky", "Flaky: 3 of the last 4 runs failed. The last success began 2026-11-18 02:00 UTC."),
        ("fg", "dead", "Dead since 2026-11-19 02:00 UTC: 2 runs in a row failed."
         " The last success began 2026-11-18 02:00 UTC."),
        ("fffgf", "dead", "Dead since 2026-11-17 02:00 UTC: 4 runs in a row failed."
         " The last success began 2026-11-16 02:00 UTC."),
        ("fff", "dead", "Dead at least since 2026-11-17 02:00 UTC: all 4 known runs failed."),
    ],
)  # fmt: skip
def test_runs_before_the_failure_tell_new_flaky_or_dead(letters: str, verdict: str, sentence: str) -> None:
    assert history.judge(past(letters), CURRENT) == (verdict, sentence)


def test_later_cancelled_and_same_runs_are_not_among_those_before() -> None:
    later = PastRun("r9", START + timedelta(hours=1), is_good=True, has_failed=False)
    found = history.before([later, CURRENT, *past("gcf")], CURRENT)
    assert [run.run_id for run in found] == ["r1", "r3"]


def test_no_more_than_ten_runs_are_compared() -> None:
    assert len(history.before(past("g" * 20), CURRENT)) == 9


def test_duration_is_told_against_the_median_of_the_good_runs() -> None:
    assert history.duration_sentence(past("ggg"), CURRENT) == (
        "It ran 20 min; the median of 3 good runs is 10 min (2 times that)."
    )
    assert history.duration_sentence(past("ggf"), CURRENT) == ""


def test_changed_parameters_cluster_libraries_and_commit_are_told() -> None:
    good = Setup({"day": "1", "gone": "x"}, {"runtime": "14.3"}, ("pypi:pandas==2.1", "jar:a"), "aaa")
    bad = Setup({"day": "2", "new": "y"}, {"runtime": "15.4"}, ("pypi:pandas==2.2", "jar:a"), "bbb")
    assert history.differences(good, bad) == [
        "Parameter day: '1' before, '2' now.",
        "Parameter gone: 'x' before, absent now.",
        "Parameter new: absent before, 'y' now.",
        "Cluster: runtime: '14.3' before, '15.4' now.",
        "Libraries gone: pypi:pandas==2.1.",
        "Libraries added: pypi:pandas==2.2.",
        "Git commit: aaa before, bbb now.",
    ]


def test_cluster_that_is_gone_is_no_difference() -> None:
    assert history.differences(Setup(cluster={"runtime": "14.3"}, git_commit="a"), Setup()) == []


def test_values_of_secrets_are_masked() -> None:
    told = history.differences(Setup({"api_key": "one"}), Setup({"api_key": "two"}))
    assert told == ["Parameter api_key: '***' before, '***' now."]


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(900, "0.9 s"), (59_000, "59 s"), (75_000, "1 min 15 s"), (600_000, "10 min"), (7_500_000, "2 h 5 min")],
)
def test_span_reads_as_people_say_it(milliseconds: int, text: str) -> None:
    assert history.span(milliseconds) == text
