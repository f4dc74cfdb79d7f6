"""What a Gemini endpoint says, for tests: answers, refusals, and an answer that fits the desk's schema."""

from __future__ import annotations

import json
from typing import Any

from tests.support.vendor_server import Answer, Received, ok

MODEL = "gemini-2.5-flash"
PATH = f"/v1beta/models/{MODEL}:generateContent"
KEY = "AIzaTestKeyThatIsNoKey0123456789abcdefghi"

FINDING: dict[str, Any] = {
    "root_cause": "The file orders/today.csv was not delivered to the container landing.",
    "error_type": "UserErrorSourceBlobNotExist",
    "cause_class": "missing_source_data",
    "affected_entity": "landing/orders/today.csv",
    "transient": False,
    "severity": "High",
    "confidence": "High",
    "recommendations": ["Ask the supplier for the file.", "Rerun the pipeline."],
    "citations": [1],
    "rationale": "The activity names the missing blob.",
}


def said(*parts: dict[str, Any], finish: str = "STOP", **more: Any) -> Answer:
    """A candidate with these parts."""
    candidate = {"content": {"role": "model", "parts": list(parts)}, "finishReason": finish, "index": 0}
    usage = {"promptTokenCount": 900, "candidatesTokenCount": 120, "thoughtsTokenCount": 30}
    return ok({"candidates": [candidate], "usageMetadata": usage, "modelVersion": f"{MODEL}-001", **more})


def answered(**changes: Any) -> Answer:
    """A good answer, with some of its fields changed; a field set to ... is left out."""
    finding = {name: value for name, value in {**FINDING, **changes}.items() if value is not ...}
    return said({"text": json.dumps(finding)})


def refused(status: int, name: str, message: str, *details: dict[str, Any]) -> Answer:
    return ok(
        {"error": {"code": status, "message": message, "status": name, "details": list(details)}}, status
    )


def error_info(reason: str) -> dict[str, Any]:
    return {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": "googleapis.com",
    }


def retry_info(delay: str) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}


def prompt_of(request: Received) -> str:
    """All text that a request carried to the model."""
    body = request.json()
    parts = [*body["systemInstruction"]["parts"], *(p for c in body["contents"] for p in c["parts"])]
    return "\n".join(part["text"] for part in parts)
