"""One suite for both SDKs against a recording endpoint: what leaves, and what becomes of every way to answer."""

from __future__ import annotations

import json
import time

import pytest
from pytest_django.fixtures import Settings

from integrations.errors import IntegrationError, NotConfiguredError
from rca.case import Case, EvidenceItem, Transcript
from rca.providers.gemini.provider import ModelProvider
from tests.rca.models.speech import (
    FINDING,
    KEY,
    MODEL,
    PATH,
    answered,
    error_info,
    prompt_of,
    refused,
    retry_info,
    said,
)
from tests.support.vendor_server import Answer, VendorServer, html, ok, serving

MESSAGE = "ErrorCode=UserErrorSourceBlobNotExist, The required Blob is missing: orders/today.csv"
CASE = Case(
    "adf",
    MESSAGE,
    "UserErrorSourceBlobNotExist",
    "DataEng_LoadOrders",
    evidence=(EvidenceItem(1, "alert", MESSAGE),),
)


def failure(provider: ModelProvider, case: Case = CASE) -> IntegrationError:
    with pytest.raises(IntegrationError) as caught:
        provider.analyse(case)
    assert KEY not in f"{caught.value} {caught.value.advice}"
    assert caught.value.__cause__ is None
    return caught.value


def test_good_answer_becomes_the_finding_with_its_cost(
    provider: ModelProvider, endpoint: VendorServer
) -> None:
    endpoint.on("POST", PATH, answered())
    transcript = Transcript()
    finding = provider.explain(CASE, transcript)
    assert finding.provider == provider.name
    assert finding.root_cause == FINDING["root_cause"]
    assert (finding.cause_class, finding.priority, finding.citations) == ("missing_source_data", "P2", (1,))
    assert not finding.is_hypothesis
    assert (transcript.model, transcript.input_tokens, transcript.output_tokens) == (f"{MODEL}-001", 900, 150)
    assert MESSAGE in transcript.prompt_sent


def test_request_carries_key_in_header_schema_and_temperature_zero(
    provider: ModelProvider, endpoint: VendorServer
) -> None:
    endpoint.on("POST", PATH, answered())
    provider.analyse(CASE)
    (request,) = endpoint.requests
    assert request.path == PATH
    assert request.headers["x-goog-api-key"] == KEY
    assert KEY not in json.dumps([request.path, request.query, request.body.decode()])
    config = request.json()["generationConfig"]
    assert config["temperature"] == 0
    assert config["responseMimeType"] == "application/json"
    assert set(config["responseSchema"]["properties"]) >= {"root_cause", "cause_class", "citations"}
    assert "UserErrorSourceBlobNotExist" in config["responseSchema"]["properties"]["error_type"]["enum"]
    assert "tools" not in request.json()
    assert "UNTRUSTED" in prompt_of(request)


def test_what_the_auditor_reads_is_what_was_sent(provider: ModelProvider, endpoint: VendorServer) -> None:
    endpoint.on("POST", PATH, answered())
    transcript = Transcript()
    provider.explain(CASE, transcript)
    system, _, text = transcript.prompt_sent.partition("\n\nThe fence of this question")
    body = endpoint.requests[0].json()
    assert body["systemInstruction"]["parts"][0]["text"] == system
    assert body["contents"][0]["parts"][0]["text"].endswith(text)


@pytest.mark.parametrize(
    ("answer", "expected", "advice"),
    [
        (
            refused(400, "INVALID_ARGUMENT", "API key not valid.", error_info("API_KEY_INVALID")),
            (400, "API_KEY_INVALID", True),
            "GEMINI_API_KEY",
        ),
        (refused(400, "INVALID_ARGUMENT", "Too complex."), (400, "INVALID_ARGUMENT", True), "MODEL_ID"),
        (refused(401, "UNAUTHENTICATED", "No."), (401, "UNAUTHENTICATED", True), "GEMINI_API_KEY"),
        (refused(403, "PERMISSION_DENIED", "No."), (403, "PERMISSION_DENIED", True), "restrictions"),
        (refused(404, "NOT_FOUND", "Retired."), (404, "NOT_FOUND", True), "MODEL_ID"),
        (refused(500, "INTERNAL", "Oh."), (500, "INTERNAL", False), "again"),
        (refused(503, "UNAVAILABLE", "Overloaded."), (503, "UNAVAILABLE", False), "again"),
        (refused(504, "DEADLINE_EXCEEDED", "Late."), (504, "DEADLINE_EXCEEDED", False), "again"),
        (html(502, "Bad gateway"), (502, "", False), ""),
        (Answer(503, b""), (503, "", False), "again"),
        (
            ok([{"error": {"code": 429, "message": "No.", "status": "RESOURCE_EXHAUSTED"}}], 429),
            (429, "RESOURCE_EXHAUSTED", False),
            "quota",
        ),
        (ok({"error": "odd"}, 500), (500, "odd", False), "again"),
    ],
)
def test_refusal_is_told_with_code_and_advice_after_one_call(
    provider: ModelProvider,
    endpoint: VendorServer,
    answer: Answer,
    expected: tuple[int, str, bool],
    advice: str,
) -> None:
    endpoint.on("POST", PATH, answer)
    error = failure(provider)
    assert (error.status, error.code, error.permanent) == expected
    assert advice in error.advice
    assert len(endpoint.requests) == 1


def test_quota_refusal_tells_the_delay_of_its_body(provider: ModelProvider, endpoint: VendorServer) -> None:
    endpoint.on("POST", PATH, refused(429, "RESOURCE_EXHAUSTED", "Quota.", retry_info("34.5s")))
    error = failure(provider)
    assert (error.retry_after, error.permanent) == (34.5, False)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (ok({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}), "prompt_blocked"),
        (ok({"promptFeedback": {"blockReason": "JAILBREAK"}, "usageMetadata": {}}), "prompt_blocked"),
        (ok({}), "prompt_blocked"),
        (said({"text": '{"root_cause": "The fi'}, finish="MAX_TOKENS"), "finish_max_tokens"),
        (said({"text": "{}"}, finish="SAFETY"), "finish_safety"),
        (ok({"candidates": [{"finishReason": "RECITATION"}]}), "finish_recitation"),
        (said(finish="OTHER"), "finish_other"),
        (said({"text": "{}"}, finish="SPII"), "finish_spii"),
        (said({"text": "  "}), "empty_answer"),
        (said({"text": "hm", "thought": True}), "empty_answer"),
        (ok({"candidates": [{"finishReason": "STOP"}]}), "empty_answer"),
    ],
)
def test_answer_that_says_nothing_is_a_permanent_failure_without_repair(
    provider: ModelProvider, endpoint: VendorServer, answer: Answer, code: str
) -> None:
    endpoint.on("POST", PATH, answer)
    error = failure(provider)
    assert (error.code, error.permanent) == (code, True)
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [html(200), Answer(200, b""), ok([1, 2]), ok("text"), Answer(200, b'{"candidates": [')],
    ids=["page", "nothing", "list", "text", "cut"],
)
def test_success_that_is_no_answer_is_worth_another_try(
    provider: ModelProvider, endpoint: VendorServer, answer: Answer
) -> None:
    endpoint.on("POST", PATH, answer)
    error = failure(provider)
    assert error.permanent is False
    assert error.code == "not_json"


@pytest.mark.parametrize("cut", ["before", "body"])
def test_connection_that_breaks_is_worth_another_try(
    provider: ModelProvider, endpoint: VendorServer, cut: str
) -> None:
    endpoint.on("POST", PATH, Answer(200, answered().body, {"Content-Type": "application/json"}, cut=cut))
    error = failure(provider)
    assert (error.code, error.permanent) == ("network", False)


def test_unreachable_endpoint_is_worth_another_try(provider: ModelProvider, settings: Settings) -> None:
    with serving() as gone:
        settings.GEMINI_API_ENDPOINT = gone.url
    assert failure(provider).code == "network"


def test_slow_answer_ends_at_the_timeout_and_opens_the_circuit(
    provider: ModelProvider, endpoint: VendorServer, settings: Settings
) -> None:
    settings.GEMINI_TIMEOUT_SECONDS = 0.3
    endpoint.on("POST", PATH, Answer(200, answered().body, delay=3))
    started = time.monotonic()
    assert failure(provider).code == "timeout"
    assert time.monotonic() - started < 2
    again = failure(provider)
    assert (again.code, again.permanent, len(endpoint.requests)) == ("circuit_open", False, 1)
    assert again.retry_after


def test_redirect_is_not_followed_with_the_key(provider: ModelProvider, endpoint: VendorServer) -> None:
    with serving() as stranger:
        stranger.on("POST", PATH, answered())
        endpoint.on("POST", PATH, Answer(307, headers={"Location": stranger.url + PATH}))
        error = failure(provider)
        assert stranger.requests == []
    assert (error.code, error.permanent) == ("redirect", True)


def test_several_parts_are_joined_and_thoughts_left_out(
    provider: ModelProvider, endpoint: VendorServer
) -> None:
    text = json.dumps(FINDING)
    endpoint.on(
        "POST",
        PATH,
        said(
            {"text": '{"root_cause": "a thought"}', "thought": True}, {"text": text[:50]}, {"text": text[50:]}
        ),
    )
    assert provider.analyse(CASE).root_cause == FINDING["root_cause"]


@pytest.mark.parametrize(
    "text",
    [
        f"```json\n{json.dumps(FINDING)}\n```",
        f"Here is the analysis you asked for:\n{json.dumps(FINDING, indent=1)}\nI hope it helps {{you}}.",
    ],
)
def test_fences_and_chatter_around_the_object_are_tolerated(
    provider: ModelProvider, endpoint: VendorServer, text: str
) -> None:
    endpoint.on("POST", PATH, said({"text": text}))
    assert provider.analyse(CASE).cause_class == "missing_source_data"
    assert len(endpoint.requests) == 1


def test_unusable_answer_is_repaired_once(provider: ModelProvider, endpoint: VendorServer) -> None:
    endpoint.on("POST", PATH, answered(error_type="ObeyTheText"), answered())
    transcript = Transcript()
    assert provider.explain(CASE, transcript).error_type == "UserErrorSourceBlobNotExist"
    assert len(endpoint.requests) == 2
    assert "error_type: expected" in prompt_of(endpoint.requests[1])
    assert "ObeyTheText" not in prompt_of(endpoint.requests[1])
    assert transcript.was_repaired
    assert transcript.input_tokens == 1800


def test_second_unusable_answer_is_a_permanent_failure(
    provider: ModelProvider, endpoint: VendorServer
) -> None:
    endpoint.on("POST", PATH, said({"text": "I cannot say."}))
    error = failure(provider)
    assert (error.code, error.permanent, len(endpoint.requests)) == ("bad_answer", True, 2)


def test_missing_key_is_told_before_any_call(
    provider: ModelProvider, endpoint: VendorServer, settings: Settings
) -> None:
    settings.GEMINI_API_KEY = ""
    with pytest.raises(NotConfiguredError) as caught:
        provider.analyse(CASE)
    assert "GEMINI_API_KEY" in caught.value.advice
    assert endpoint.requests == []
