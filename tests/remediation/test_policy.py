"""The policy by itself, as a table: facts in, verdict, step and wait out. No database, no vendor."""

from __future__ import annotations

from dataclasses import replace

import pytest

from remediation.policy import BY_HAND, NEVER, RULES, Code, Facts, Tried, decide, for_person
from remediation.states import Kind, PlaybookName, Risk, State, Verdict
from tickets.choices import CauseClass as C
from tickets.choices import Confidence

TIMEOUT = Facts(Kind.PIPELINE, "GatewayTimeout", C.TIMEOUT, Confidence.HIGH)
TIMEOUT_BY_CODE = replace(TIMEOUT, codes=(Code("GatewayTimeout"),))
CLUSTER = Facts(
    Kind.CLUSTER, "CLOUD_FAILURE", C.UPSTREAM_SERVICE_OUTAGE, Confidence.HIGH, codes=(Code("CLOUD_FAILURE"),)
)


def tried(rule: str, *steps: int, state: str = State.FAILED) -> tuple[Tried, ...]:
    return tuple(Tried(rule, step, state) for step in steps)


@pytest.mark.parametrize(
    ("facts", "verdict", "playbook"),
    [
        pytest.param(TIMEOUT_BY_CODE, Verdict.ACT, PlaybookName.RETRY_PIPELINE, id="a vendor's code"),
        pytest.param(TIMEOUT, Verdict.ASK, PlaybookName.RETRY_PIPELINE, id="the text alone"),
        pytest.param(
            replace(TIMEOUT_BY_CODE, is_addressed=True), Verdict.ASK, PlaybookName.RETRY_PIPELINE,
            id="a text that speaks to a model",
        ),
        pytest.param(
            replace(TIMEOUT_BY_CODE, cause_class=C.UNKNOWN, confidence=Confidence.LOW), Verdict.ACT,
            PlaybookName.RETRY_PIPELINE, id="a code, and rules that say nothing",
        ),
        pytest.param(
            replace(TIMEOUT_BY_CODE, cause_class=C.BAD_DATA), Verdict.NO, None, id="rules that contradict the code"
        ),
        pytest.param(
            Facts(Kind.JOB, "", C.UNKNOWN, "", codes=(Code("NEW_CODE", C.THROTTLING, is_transient=True),)),
            Verdict.ACT, PlaybookName.RETRY_JOB, id="the class of a transient code",
        ),
        pytest.param(
            Facts(Kind.JOB, "", C.UNKNOWN, "", codes=(Code("NEW_CODE", C.THROTTLING),)), Verdict.NO, None,
            id="the class of a code that is not transient",
        ),
        pytest.param(
            Facts(Kind.JOB, "", C.UNKNOWN, "", codes=(Code("INTERNAL_ERROR"),)), Verdict.ACT,
            PlaybookName.RETRY_JOB, id="a code of two rows, of which one has a step for this kind",
        ),
        pytest.param(
            Facts(Kind.PIPELINE, "CLOUD_FAILURE", C.UPSTREAM_SERVICE_OUTAGE, Confidence.HIGH), Verdict.NO, None,
            id="a row without a step for this kind",
        ),
        pytest.param(
            Facts(Kind.JOB, "RESOURCE_EXHAUSTED", C.CAPACITY_OR_QUOTA, "", codes=(Code("RESOURCE_EXHAUSTED"),)),
            Verdict.ASK, PlaybookName.RETRY_JOB, id="a step that needs an approval",
        ),
        pytest.param(replace(TIMEOUT, error_type="NeverSeen"), Verdict.NO, None, id="no row"),
    ],
)  # fmt: skip
def test_facts_get_the_verdict_of_their_row(
    facts: Facts, verdict: Verdict, playbook: PlaybookName | None
) -> None:
    ruling = decide(facts)
    assert (ruling.verdict, ruling.playbook) == (verdict, playbook)
    assert all(ruling.reasons)


@pytest.mark.parametrize("cause", NEVER)
def test_cause_that_is_never_repaired_stays_so_whoever_names_it_and_whoever_asks(cause: str) -> None:
    by_rules = replace(TIMEOUT_BY_CODE, cause_class=cause)
    by_vendor = replace(TIMEOUT_BY_CODE, codes=(*TIMEOUT_BY_CODE.codes, Code("Denied", cause)))
    for facts in (by_rules, by_vendor):
        assert decide(facts).verdict == Verdict.NEVER
        assert for_person(facts, PlaybookName.RETRY_PIPELINE).verdict == Verdict.NEVER
        assert for_person(facts, PlaybookName.CHECK_PERMISSIONS).verdict == Verdict.ASK


@pytest.mark.parametrize("name", ["DELTA_FILE_NOT_FOUND", "ParquetChecksumError", "UserErrorDataLoss"])
def test_lost_data_is_never_run_again(name: str) -> None:
    assert decide(replace(TIMEOUT, error_type=name)).verdict == Verdict.NEVER
    assert decide(replace(TIMEOUT, codes=(Code("GatewayTimeout"), Code(name)))).verdict == Verdict.NEVER


@pytest.mark.parametrize(
    ("made", "wait", "try_number"), [((), 10, 1), ((0,), 30, 2), ((0, 0), 60, 3)], ids=str
)
def test_each_try_waits_longer(made: tuple[int, ...], wait: int, try_number: int) -> None:
    ruling = decide(replace(TIMEOUT_BY_CODE, tried=tried("gateway_timeout", *made)))
    assert (ruling.wait_seconds, ruling.try_number, ruling.most_tries) == (wait, try_number, 3)


def test_last_try_of_a_step_leads_to_the_next_step_and_the_last_of_all_to_people() -> None:
    after_two = decide(replace(CLUSTER, tried=tried("cluster_start_failure", 0, 0)))
    assert (after_two.verdict, after_two.step) == (Verdict.ASK, 1)
    assert (after_two.playbook, after_two.risk) == (PlaybookName.FALLBACK_NODE_TYPE, Risk.HIGH)
    after_all = decide(replace(CLUSTER, tried=tried("cluster_start_failure", 0, 0, 1)))
    assert (after_all.verdict, after_all.is_exhausted) == (Verdict.NO, True)


def test_attempt_that_was_never_made_is_no_try() -> None:
    facts = replace(TIMEOUT_BY_CODE, tried=tried("gateway_timeout", 0, 0, 0, state=State.SKIPPED))
    ruling = decide(facts)
    assert (ruling.verdict, ruling.try_number) == (Verdict.ACT, 1)


def test_error_that_changed_is_left_to_people() -> None:
    ruling = decide(replace(TIMEOUT_BY_CODE, tried=tried("throttling", 0)))
    assert (ruling.verdict, ruling.is_exhausted) == (Verdict.NO, False)


@pytest.mark.parametrize(
    ("asked", "wait", "verdict"),
    [(5.0, 10, Verdict.ACT), (90.4, 90, Verdict.ACT), (3600.0, 3600, Verdict.ACT), (3601.0, 3600, Verdict.ASK)],
)  # fmt: skip
def test_vendor_may_ask_for_more_patience_than_the_row_and_for_an_hour_at_most(
    asked: float, wait: int, verdict: Verdict
) -> None:
    ruling = decide(replace(TIMEOUT_BY_CODE, retry_after=asked))
    assert (ruling.wait_seconds, ruling.verdict) == (wait, verdict)


def test_person_may_ask_for_what_the_kind_has_and_it_counts_as_by_hand() -> None:
    ruling = for_person(replace(TIMEOUT, error_type="NeverSeen"), PlaybookName.RETRY_PIPELINE)
    assert (ruling.verdict, ruling.rule) == (Verdict.ASK, BY_HAND)
    assert for_person(CLUSTER, PlaybookName.FALLBACK_NODE_TYPE).risk == Risk.HIGH
    assert for_person(TIMEOUT, PlaybookName.RESTART_CLUSTER).verdict == Verdict.NO


def test_each_rule_has_a_name_of_its_own_and_each_step_a_wait_for_each_try() -> None:
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)
    assert BY_HAND not in names
    assert all(step.waits and step.playbooks for rule in RULES for step in rule.steps)
