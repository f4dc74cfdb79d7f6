"""What a finding says, what it cites, and what hostile texts cannot change."""

from __future__ import annotations

from pathlib import Path

import pytest

from rca.case import Case, EvidenceItem
from rca.providers import get_provider
from rca.providers.rules import RulesProvider
from rca.providers.rules.entities import affected_entity
from rca.providers.rules.text import HEAD, TAIL, prepare
from tickets.choices import CauseClass, Confidence, Priority, Severity

BLOB = (
    "Failure happened on 'Source' side. ErrorCode=UserErrorSourceBlobNotExists,'Type=HybridDeliveryException,"
    "Message=The required Blob is missing. path: in/orders.csv.'"
)
rules = RulesProvider()


def test_known_failure_yields_a_finding_a_person_can_act_on() -> None:
    finding = rules.analyse(Case("adf", BLOB, code="2200"))

    assert finding.provider == "rules"
    assert finding.cause_class == CauseClass.MISSING_SOURCE_DATA
    assert finding.error_type == "UserErrorSourceBlobNotExists"
    assert finding.affected_entity == "in/orders.csv"
    assert finding.transient is False
    assert finding.confidence in {Confidence.HIGH, Confidence.VERY_HIGH}
    assert "in/orders.csv" in finding.root_cause
    assert 2 <= len(finding.recommendations) <= 5
    assert finding.rationale.startswith("Decided by ")
    assert finding.matched
    assert not finding.is_hypothesis


@pytest.mark.parametrize(
    "message", ["", " ", "Operation on target Load failed.", "Notebook run failed", "xyzzy"]
)
def test_text_that_says_nothing_is_answered_with_unknown(message: str) -> None:
    finding = rules.analyse(Case("databricks", message))

    assert finding.cause_class == CauseClass.UNKNOWN
    assert finding.confidence == Confidence.LOW
    assert finding.is_hypothesis
    assert finding.transient is None
    assert finding.error_type == "UnknownError"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("xyzzy", "DatabricksLibraryInstallationError"),
        ("Connection timed out reaching the index", "DatabricksTimeoutError"),
    ],
)
def test_library_that_failed_for_an_unknown_reason_has_failed_to_install(message: str, expected: str) -> None:
    assert rules.analyse(Case("databricks", message, resource_type="library")).error_type == expected


def test_wrapper_around_a_cause_is_decided_by_the_cause() -> None:
    finding = rules.analyse(
        Case(
            "databricks",
            "org.apache.spark.SparkException: Job aborted. Table not found in cache\n"
            "Caused by: org.apache.spark.SparkException: Job aborted due to stage failure\n"
            "Caused by: java.lang.OutOfMemoryError: Java heap space",
        )
    )

    assert finding.cause_class == CauseClass.OUT_OF_MEMORY


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ("Login failed for user 'loader'. Error 18456", CauseClass.AUTHENTICATION_FAILURE),
        ("Login failed for user '<token-identified principal>'. Error 18456", CauseClass.PERMISSION_DENIED),
        (
            "Client with IP address '1.2.3.4' is not allowed to access the server. Error 40615",
            CauseClass.NETWORK_CONNECTIVITY,
        ),
    ],
)
def test_same_refusal_in_another_context_has_another_cause(message: str, cause: CauseClass) -> None:
    assert rules.analyse(Case("adf", message, code="SqlFailedToConnect")).cause_class == cause


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        # A list of possible causes proves none of them.
        (
            "Driver unresponsive. Possible causes: memory pressure, a wrong setting.",
            "cluster_infrastructure_failure",
        ),
        ("The driver died of memory pressure.", "out_of_memory"),
        # What a copy does not find at its sink is no source data.
        ("Failure happened on 'Sink' side. The specified path does not exist.", "resource_not_found"),
        ("Failure happened on 'Source' side. The specified path does not exist.", "missing_source_data"),
        # The cause in parentheses is the inner one.
        (
            "Max retries exceeded with url: /a (Caused by ResponseError('too many 503 error responses'))",
            "upstream_service_outage",
        ),
        ("Max retries exceeded with url: /a (Caused by NameResolutionError)", "network_connectivity"),
        # What could not be installed, and why.
        ("Library installation failed: acme 2 is gone", "missing_dependency_or_library"),
        ("Library installation failed: caller does not have access to the volume", "permission_denied"),
        (
            "after connection broken by 'X': ERROR: No matching distribution found for acme",
            "network_connectivity",
        ),
        # The monitor's heading is no finding, and neither is a bare 400.
        (
            "Failure type: User configuration issue. Details: the jobs service is not ready yet",
            "upstream_service_outage",
        ),
        ("HTTP status 400: Bad Request", "unknown"),
        # A thing between two states.
        ("The trigger cannot be updated because it is currently being started", "concurrency_conflict"),
        ("The cluster failed during provisioning of its nodes", "cluster_infrastructure_failure"),
        # The product's name before its number is no failing server.
        ("The rows did not fit. SQL Server error is: 8114", "schema_or_type_mismatch"),
        ("no connection from the pool of 5: connection timed out", "timeout"),
        (
            "The expression cannot be evaluated because property 'n' doesn't exist, available properties are 'm'",
            "syntax_or_code_error",
        ),
        ("could not find login 'etl' or you do not have permission", "resource_not_found"),
        # Where a task ran is no finding.
        (
            "Lost task 0.3 in stage 4.0 (TID 5) (10.0.0.5 executor 0): com.acme.OddException: it went wrong",
            "unknown",
        ),
        (
            "Lost task 0.3 in stage 4.0 (TID 5, 10.0.0.5, executor 0): com.acme.OddException: it went wrong",
            "unknown",
        ),
        ("AADSTS999999: something new", "authentication_failure"),
        ("AADSTS50105: user is not assigned", "permission_denied"),
    ],
)
def test_context_decides_which_of_two_signals_is_the_cause(message: str, cause: str) -> None:
    assert rules.analyse(Case("databricks", message)).cause_class == cause


def test_cluster_code_is_read_as_a_termination_code() -> None:
    finding = rules.analyse(Case("databricks", "", code="SPOT_INSTANCE_TERMINATION", resource_type="cluster"))

    assert finding.cause_class == CauseClass.CLUSTER_INFRASTRUCTURE_FAILURE
    assert finding.transient is True


def test_finding_with_a_reason_moves_severity_and_priority_together() -> None:
    finding = rules.analyse(Case("databricks", "Run cancelled by user a@example.com", code="USER_CANCELED"))

    assert finding.cause_class == CauseClass.USER_CANCELLED
    assert (finding.severity, finding.priority) == (Severity.LOW, Priority.P4)


def test_finding_without_a_reason_leaves_the_alerts_severity() -> None:
    finding = rules.analyse(Case("adf", BLOB))

    assert (finding.severity, finding.priority) == ("", "")


def test_empty_message_is_explained_by_evidence_which_is_cited() -> None:
    evidence = (
        EvidenceItem(1, "run", "state: FAILED"),
        EvidenceItem(2, "output", "ModuleNotFoundError: No module named 'pandas'"),
    )

    finding = rules.analyse(
        Case("databricks", "Workload failed, see run output for details", evidence=evidence)
    )

    assert finding.cause_class == CauseClass.MISSING_DEPENDENCY_OR_LIBRARY
    assert finding.affected_entity == "pandas"
    assert finding.citations == (2,)


def test_clear_message_cites_the_evidence_that_repeats_its_code() -> None:
    evidence = (EvidenceItem(1, "note", "nothing"), EvidenceItem(4, "activity", BLOB))

    assert rules.analyse(Case("adf", BLOB, evidence=evidence)).citations == (4,)


def test_old_runs_in_the_evidence_do_not_decide() -> None:
    evidence = (EvidenceItem(1, "history", "last week: java.lang.OutOfMemoryError"),)

    assert (
        rules.analyse(Case("databricks", "Notebook run failed", evidence=evidence)).cause_class == "unknown"
    )


def test_long_text_is_read_at_its_head_and_its_tail() -> None:
    noise = "at com.acme.Frame.run(Frame.java)\n" * 5_000

    assert rules.analyse(Case("adf", "Query timeout expired\n" + noise)).cause_class == "timeout"
    assert rules.analyse(Case("adf", noise + "Query timeout expired")).cause_class == "timeout"
    assert len(prepare(noise * 4).raw) <= HEAD + TAIL + 1


@pytest.mark.parametrize(
    ("text", "cause", "entity"),
    [
        ("Column 'price' of type 'INT' is not compatible", "schema_or_type_mismatch", "price"),
        ("The table or view `a`.`b`.`c` cannot be found", "resource_not_found", "a.b.c"),
        ("No module named 'pandas'", "missing_dependency_or_library", "pandas"),
        (
            "java.net.UnknownHostException: db.internal.example: not known",
            "network_connectivity",
            "db.internal.example",
        ),
        ("Cluster 1019-030312-abc12345 is gone", "cluster_infrastructure_failure", "1019-030312-abc12345"),
        ("Integration Runtime 'ir-onprem' is offline", "cluster_infrastructure_failure", "ir-onprem"),
        ("Notebook not found: /Users/a/etl", "resource_not_found", "/Users/a/etl"),
        ("linked service 'ls_sql' is wrong", "configuration_error", "ls_sql"),
        (
            "read abfss://raw@lake.dfs.core.windows.net/x, failed",
            "missing_source_data",
            "abfss://raw@lake.dfs.core.windows.net/x",
        ),
        ("refused to write '/out/daily/orders.part'", "permission_denied", "/out/daily/orders.part"),
        ("o17.sql failed on Catalog 'gold'", "permission_denied", "gold"),
        ("Job failed at Sink 'WriteOrders': bad", "syntax_or_code_error", "WriteOrders"),
        ("Operation on target CopyDay failed: syntax", "syntax_or_code_error", "CopyDay"),
        ("'Loader' object has no attribute 'x'", "syntax_or_code_error", "Loader"),
        ("cannot connect to relay.corp.example now", "network_connectivity", "relay.corp.example"),
        ("gave up with url: /api/2.1/jobs/list (busy)", "throttling", "/api/2.1/jobs/list"),
        ("Login failed for user 'etl'", "authentication_failure", "etl"),
        (
            "failed for '/subscriptions/1/providers/Microsoft.Sql/servers/s1'",
            "upstream_service_outage",
            "/subscriptions/1/providers/Microsoft.Sql/servers/s1",
        ),
        ("set spark.sql.shuffle.partitions first", "configuration_error", "spark.sql.shuffle.partitions"),
        ("the driver is down", "out_of_memory", "driver"),
        ("nothing is named here", "unknown", ""),
    ],
)
def test_affected_entity_is_taken_from_the_text(text: str, cause: str, entity: str) -> None:
    assert affected_entity(text, cause) == entity


@pytest.mark.parametrize(
    ("message", "code", "confidence"),
    [
        (BLOB, "UserErrorSourceBlobNotExist", Confidence.VERY_HIGH),
        ("Query timeout expired", "", Confidence.HIGH),
        ("the option is not supported", "", Confidence.HIGH),
        ("something was forbidden", "", Confidence.MEDIUM),
        ("a problem of the network", "", Confidence.LOW),
    ],
)
def test_confidence_follows_the_strength_of_the_signal(
    message: str, code: str, confidence: Confidence
) -> None:
    assert rules.analyse(Case("adf", message, code=code)).confidence == confidence


def test_two_equal_signals_for_two_classes_cost_confidence_and_are_told() -> None:
    finding = rules.analyse(Case("adf", "Incorrect syntax near 'x'; the specified path does not exist"))

    assert finding.confidence == Confidence.MEDIUM
    assert "speaks for" in finding.rationale


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("It ISN'T  there", "it is not there"),
        ("You can’t, can not", "you cannot, cannot"),
        ('say \\"x\\" \\n y', "say 'x' y"),
        ("limit is ... now", "limit is … now"),
        ("a\tb\0c", "a b c"),
    ],
)
def test_text_is_brought_to_one_spelling(text: str, plain: str) -> None:
    assert prepare(text).plain == plain


def test_registry_returns_the_rules_provider() -> None:
    assert get_provider("rules").name == "rules"
    assert isinstance(get_provider("rules"), RulesProvider)


BENIGN = (Path(__file__).parent / "benign_lines.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("platform", ["adf", "databricks", "synapse", "functions"])
def test_ordinary_log_line_claims_no_class(platform: str) -> None:
    answers = {line: rules.analyse(Case(platform, line)).cause_class for line in BENIGN}

    assert len(BENIGN) >= 200
    assert {line: cause for line, cause in answers.items() if cause != CauseClass.UNKNOWN} == {}


def test_frames_of_a_trace_do_not_decide() -> None:
    frames = "\n".join(f"\tat {name}(File.java:8)" for name in FRAMES)

    finding = rules.analyse(Case("databricks", f"Notebook run failed\n{frames}"))

    assert finding.cause_class == CauseClass.UNKNOWN


FRAMES = [
    "java.util.concurrent.ThreadPoolExecutor.runWorker",
    "scala.collection.immutable.List.foreach",
    "com.example.timeout.TimeoutGuard.call",
    "org.apache.hadoop.security.AccessControlException.wrap",
]


@pytest.mark.parametrize(
    ("message", "transient"),
    [("Run result unavailable: job failed with error message Failed to reach the driver", True), ("x", None)],
)
def test_wrapper_without_a_cause_says_only_that_a_rerun_may_help(
    message: str, transient: bool | None
) -> None:
    finding = rules.analyse(Case("databricks", message))

    assert finding.cause_class == CauseClass.UNKNOWN
    assert finding.confidence == Confidence.LOW
    assert finding.transient is transient


@pytest.mark.parametrize(
    ("message", "step"),
    [
        ("There is not enough space on the disk", "Free the local disk"),
        ("Login failed for user '<token-identified principal>'.", "FROM EXTERNAL PROVIDER"),
        ("PKIX path building failed: unable to find valid certification path", "issuing certificate"),
    ],
)
def test_failure_with_a_remedy_of_its_own_begins_with_it(message: str, step: str) -> None:
    finding = rules.analyse(Case("adf", message))

    assert step in finding.recommendations[0]
    assert 2 <= len(finding.recommendations) <= 5


@pytest.mark.parametrize("message", ["container does not exist", "The scope is missing"])
def test_word_that_follows_a_noun_is_not_taken_for_its_name(message: str) -> None:
    assert affected_entity(message, CauseClass.RESOURCE_NOT_FOUND) == ""
