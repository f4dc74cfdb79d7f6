"""What a stranger presents is compared with a secret in constant time: the whole source is read for the other way."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.faults.test_patterns import APPS
from tests.support.live_server import ROOT

SMELLS = re.compile(r"(secret|token|password|signature|api_?key|digest|hmac|(^|_)key)$", re.IGNORECASE)

# Comparisons that look like it and are none: nobody learns a secret by their time.
HARMLESS = {
    ("aiops/preparing.py", 'settings.LOCAL_SECRETS["RCA_API_KEY"] == settings.RCA_API_KEY'),  # both our own
    ("aiops/checks.py", "settings.JWT_SECRET_KEY == settings.SECRET_KEY"),  # both our own
    ("aiops/console/settings_page.py", "name in SECRET"),  # the names of settings
    (
        "audit/rows.py",
        'canonical.personal_digest(self.personal) == str(self.sealed["personal_digest"])',
    ),  # stored
    ("accounts/signals.py", 'before["password"] != instance.password'),  # two stored hashes
    ("audit/exports.py", 'key not in {"key_id", "signature"}'),  # a field's name
    ("audit/export_check.py", 'details.get("sha256") != digest'),  # a file's hash is no secret
    ("tickets/consumers.py", "key == name"),  # a cookie's name
    ("tickets/steps.py", "digest in done"),  # the digest of a step's text
    ("tickets/services/steps.py", "digest_of(step) == digest"),
    ("tickets/live_reads.py", "event.ticket_key in rows"),  # a ticket's id, as are the keys below
    ("ingestion/identity/placing.py", "ticket.dedup_key == failure.dedup_key"),
    ("ingestion/identity/known.py", "other.key == ticket.key"),
    ("ingestion/identity/placing.py", "ticket.family_key == failure.family_key"),
    ("ingestion/identity/known.py", "ticket.dedup_key == unscoped_key"),
    ("integrations/webhooks/jira_changes.py", "ticket.key in comment.text[:200]"),
    ("integrations/deliveries/jira_acts.py", "analysis_digest(work.ticket) != work.delivery.digest"),
    ("integrations/deliveries/slack_acts.py", "_digest_of(notice_of(ticket)) != delivery.digest"),
    ("integrations/deliveries/slack_acts.py", "seen == post.digest"),
    ("integrations/deliveries/outcomes.py", "delivery.claim_token != work.token"),  # between workers only
}


def name_of(node: ast.expr) -> str:
    if isinstance(node, ast.Call):
        return name_of(node.args[0]) if node.args and isinstance(node.func, ast.Name) else name_of(node.func)
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr if node.attr not in {"encode", "strip"} else name_of(node.value)
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return str(node.slice.value)
    return ""


def suspects(source: str) -> Iterator[str]:
    """Comparisons by `==`, `!=`, `in` and `not in` in which a name smells of a secret."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.Eq, ast.NotEq, ast.In, ast.NotIn)):
            sides = [node.left, *node.comparators]
            if any(SMELLS.search(name_of(side)) for side in sides) and not any(
                isinstance(side, ast.Constant) for side in sides
            ):
                yield " ".join((ast.get_source_segment(source, node) or "").split())


def test_no_secret_is_compared_by_its_first_difference() -> None:
    found = {
        (str(path.relative_to(ROOT)), text)
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        if "migrations" not in path.parts
        for text in suspects(path.read_text())
    }
    assert found - HARMLESS == set()
    assert HARMLESS - found == set(), "what is no longer there needs no excuse"


@pytest.mark.parametrize(
    "bad",
    [
        'request.GET["secret"] == settings.SECRET',
        "presented != api_key",
        "key.digest == digest",
        "token in known",
    ],
)
def test_a_careless_comparison_is_noticed(bad: str) -> None:
    assert list(suspects(bad)) == [bad]


@pytest.mark.parametrize(
    "file",
    [
        "aiops/health/views.py",
        "integrations/signatures.py",
        "integrations/webhooks/views.py",
        "accounts/service_keys.py",
    ],
)
def test_each_place_that_takes_a_credential_compares_in_constant_time(file: str) -> None:
    assert "hmac.compare_digest(" in (ROOT / file).read_text()
