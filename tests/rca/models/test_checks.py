"""`check_integrations gemini` and `evaluate_rca --provider gemini` against the endpoint."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from integrations.checks import check_all
from rca.management.commands.evaluate_rca import Command
from tests.rca.models.speech import KEY, MODEL, PATH, answered, error_info, refused
from tests.support.vendor_server import VendorServer, ok

DESCRIPTION = f"/v1beta/models/{MODEL}"


def test_check_names_the_model_and_sends_the_key_in_a_header(endpoint: VendorServer) -> None:
    endpoint.on(
        "GET",
        DESCRIPTION,
        ok({"displayName": "Gemini 2.5 Flash", "supportedGenerationMethods": ["generateContent"]}),
    )
    (result,) = check_all(["gemini"])
    assert (result.state, "Gemini 2.5 Flash" in result.detail) == ("ok", True)
    (request,) = endpoint.requests
    assert (request.headers["x-goog-api-key"], request.query) == (KEY, {})


@pytest.mark.parametrize(
    ("answer", "advice"),
    [
        (
            refused(400, "INVALID_ARGUMENT", "API key not valid.", error_info("API_KEY_INVALID")),
            "GEMINI_API_KEY",
        ),
        (refused(404, "NOT_FOUND", "No such model."), "MODEL_ID"),
        (refused(403, "PERMISSION_DENIED", "No."), "restrictions"),
        (ok({"displayName": "Embedder", "supportedGenerationMethods": ["embedContent"]}), "MODEL_ID"),
    ],
)
def test_check_that_fails_says_what_to_change(endpoint: VendorServer, answer: object, advice: str) -> None:
    endpoint.on("GET", DESCRIPTION, answer)  # type: ignore[arg-type]
    (result,) = check_all(["gemini"])
    assert result.state == "failed"
    assert advice in result.advice
    assert KEY not in f"{result.detail}{result.advice}"


def test_check_without_a_key_is_not_configured(settings: Settings) -> None:
    settings.GEMINI_API_KEY = ""
    (result,) = check_all(["gemini"])
    assert (result.state, "GEMINI_API_KEY" in result.advice) == ("not_configured", True)


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    path = tmp_path / "items.json"
    item = {
        "id": "1",
        "platform": "adf",
        "message": "ErrorCode=UserErrorSourceBlobNotExist, The required Blob is missing",
        "code": "UserErrorSourceBlobNotExist",
        "cause_class": "missing_source_data",
        "transient": False,
        "affected_entity": None,
    }
    path.write_text(json.dumps([item]))
    return path


@pytest.mark.parametrize("name", ["gemini", "google-genai"])
def test_evaluation_goes_through_the_same_provider(endpoint: VendorServer, labelled: Path, name: str) -> None:
    endpoint.on("POST", PATH, answered())
    out = StringIO()
    call_command(Command(), str(labelled), provider=name, as_json=True, stdout=out)
    result = json.loads(out.getvalue())
    assert (result["provider"], result["accuracy"]) == (name, 1.0)
    assert endpoint.to(PATH)


def test_evaluation_without_a_key_says_which_variable_is_missing(settings: Settings, labelled: Path) -> None:
    settings.GEMINI_API_KEY = ""
    with pytest.raises(CommandError) as caught:
        call_command(Command(), str(labelled), provider="gemini")
    assert "GEMINI_API_KEY" in str(caught.value)
