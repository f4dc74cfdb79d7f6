"""A notice leaves the project without secrets, and wording holds its limits."""

from __future__ import annotations

import pytest

from integrations.notice import EvidenceLine
from integrations.wording import clean, cut, one_line
from tests.support.notices import full_notice


def test_redacted_notice_holds_no_secret_in_any_text() -> None:
    secret = "AIza" + "k" * 35
    notice = full_notice(
        error_message=f"key {secret}",
        recommendations=(f"rotate {secret}",),
        evidence=(EvidenceLine(1, f"saw {secret}", f"https://x.test/?token={secret}"),),
        run_url=f"https://x.test/?sig={secret}",
    ).redacted()
    assert secret not in repr(notice)
    assert notice.evidence[0].number == 1


def test_redacted_notice_names_the_owner_and_hides_other_addresses() -> None:
    notice = full_notice(error_message="mail ops@x.test", acknowledged_by="ann@x.test").redacted()
    assert notice.finops_owner == "john.doe@company.test"
    assert notice.acknowledged_by == "ann@x.test"
    assert notice.error_message == "mail [[REDACTED_EMAIL]]"
    assert full_notice(error_message="ops@x.test").redacted(emails=False).error_message == "ops@x.test"


@pytest.mark.parametrize(
    ("text", "limit", "result"), [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("ab  cd", 4, "ab…"), ("a", 0, "")]
)
def test_cut_never_exceeds_its_limit(text: str, limit: int, result: str) -> None:
    assert cut(text, limit) == result


def test_clean_takes_out_what_misleads_or_breaks() -> None:
    assert clean(" a\x00b\r\nc\u202ed\ud800 ") == "a b\ncd"
    assert one_line("a\n\tb\u2028c", 10) == "a b c"
