"""Codes are found where a text declares them, and numbers only where they are codes."""

from __future__ import annotations

import pytest

from rca.catalogue import load_catalogue
from rca.providers.rules.codes import find_codes
from rca.providers.rules.error_types import error_type
from rca.providers.rules.morphology import class_of_name
from rca.providers.rules.numbers import number_signals


def codes_of(text: str, platform: str = "adf") -> list[str]:
    return [found.code for found in find_codes(text, load_catalogue(), platform)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("ErrorCode=UserErrorSourceBlobNotExists,'Type=X,Message=y'", "UserErrorSourceBlobNotExists"),
        ('{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "gone"}', "RESOURCE_DOES_NOT_EXIST"),
        ("[DELTA_CONCURRENT_APPEND] files were added", "DELTA_CONCURRENT_APPEND"),
        ("[RequestId=1 ErrorClass=INVALID_STATE] no", "INVALID_STATE"),
        ("Azure error code: OperationNotAllowed", "OperationNotAllowed"),
        ("TEMPORARILY_UNAVAILABLE: try later", "TEMPORARILY_UNAVAILABLE"),
        ("failed with AADSTS7000222: expired", "AADSTS7000222"),
        ("ManagedLibraryInstallFailed: pip", "ManagedLibraryInstallFailed"),
        ("error code 409: LeaseIdMismatchWithLeaseOperation.", "LeaseIdMismatchWithLeaseOperation"),
        ("the error code is: InvalidGatewayKey, activity", "InvalidGatewayKey"),
        ("Cluster terminated. Reason: Cloud Provider Launch Failure", "CLOUD_PROVIDER_LAUNCH_FAILURE"),
        ("the blob said ServerBusy again", "ServerBusy"),
    ],
)
def test_declared_or_mentioned_code_is_found(text: str, code: str) -> None:
    assert code in codes_of(text)


@pytest.mark.parametrize(
    "text", ["copied 2200 rows", "the SUCCESS of it", "an error is UNKNOWN to us", "port 1205"]
)
def test_number_or_word_out_of_context_is_no_code(text: str) -> None:
    assert codes_of(text) == []


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("request failed with status code 403", "permission_denied"),
        ("the remote server returned an error: (429) too many requests", "throttling"),
        ("http/1.1 503 service unavailable", "upstream_service_outage"),
        ("sqlerrornumber=1205,class=13", "concurrency_conflict"),
        ("msg 208, level 16", "resource_not_found"),
        ("sqlstate: 42501", "permission_denied"),
        ("error [28000] logon denied", "authentication_failure"),
        ("ora-00942: table or view", "resource_not_found"),
        ("tcp error code 10061", "network_connectivity"),
        ("sqlerrornumber=544,class=16", "schema_or_type_mismatch"),
        ("msg 3906, level 16", "configuration_error"),
        ("ora-28040: see the listener", "configuration_error"),
        ("ora-12519: see the listener", "capacity_or_quota"),
        ("sap dbtech jdbc: [258]: refused", "permission_denied"),
        ("[sap ag][libodbchdb dll][hdbodbc] no table;259 see there", "resource_not_found"),
        ("error 1146 (42s02): no orders", "resource_not_found"),
        ("operationalerror: (1045, 'for etl')", "authentication_failure"),
        ("gave up after 429 error responses", "throttling"),
    ],
)
def test_number_in_the_context_of_a_code_speaks(text: str, cause: str) -> None:
    assert cause in {signal.cause_class for signal in number_signals(text, speaks_sql=True)}


@pytest.mark.parametrize(
    "text", ["read 403 rows", "took 429 ms", "row number 53", "10.4.29.1", "at line 504"]
)
def test_number_in_a_sentence_says_nothing(text: str) -> None:
    assert list(number_signals(text, speaks_sql=True)) == []


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("SqlNewKindOfTimeout", "timeout"),
        ("DELTA_SOMETHING_NOT_FOUND", "resource_not_found"),
        ("SkuNotAvailable", "capacity_or_quota"),
        ("UserErrorColumnTypeMismatch", "schema_or_type_mismatch"),
        ("VaultAccessDenied", "permission_denied"),
        ("InvalidSinkSetting", "configuration_error"),
        ("Xyzzy", None),
    ],
)
def test_code_outside_the_catalogue_is_read_by_its_name(code: str, cause: str | None) -> None:
    assert class_of_name(code) == cause


def type_of(case_code: str, text: str, cause: str = "unknown", platform: str = "adf") -> str:
    codes = tuple(find_codes(text, load_catalogue(), platform))
    return error_type(case_code, codes, cause, platform, text.lower())


@pytest.mark.parametrize(
    ("case_code", "text", "expected"),
    [
        ("2200", "ErrorCode=SqlOpenConnectionTimeout,'Message=slow'", "SqlOpenConnectionTimeout"),
        ("2200", "it failed", "2200"),
        ("FailedDbOperation", "ErrorCode=Other,Message=Login failed", "FailedDbOperation"),
        ("", '"Code":"BadRequest","message":"ErrorCode=FlowRunSizeLimitExceeded', "FlowRunSizeLimitExceeded"),
        (
            "",
            "ErrorCode=AdlsGen2OperationFailed, ErrorCode: 'AuthorizationPermissionMismatch'",
            "AdlsGen2OperationFailed",
        ),
        (
            "",
            "[STREAM_FAILED] ended: [MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION] bad",
            "MALFORMED_RECORD_IN_PARSING",
        ),
        ("", "User does not have it. SQLSTATE: 42501", "42501"),
    ],
)
def test_error_type_is_the_vendors_own_code_behind_the_wrapper(
    case_code: str, text: str, expected: str
) -> None:
    assert type_of(case_code, text) == expected


@pytest.mark.parametrize(
    ("platform", "cause", "text", "expected"),
    [
        ("databricks", "resource_not_found", "the table is gone", "DatabricksTableNotFound"),
        ("databricks", "missing_dependency_or_library", "pip failed", "DatabricksLibraryInstallationError"),
        ("databricks", "out_of_memory", "the driver is not responding", "DatabricksDriverNotResponding"),
        ("adf", "throttling", "busy", "ThrottlingError"),
        ("functions", "unknown", "it failed", "UnknownError"),
    ],
)
def test_error_type_without_a_code_is_one_of_the_contracts_list(
    platform: str, cause: str, text: str, expected: str
) -> None:
    assert type_of("", text, cause, platform) == expected
