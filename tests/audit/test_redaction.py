"""What counts as a secret, that none survives, and that hostile text costs no more than its length."""

from __future__ import annotations

import base64
import json
import re
import string
import time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from audit import secret_patterns
from audit.redaction import Redactor, is_sensitive_key, mask_mapping, redact
from audit.secret_patterns import PLACEHOLDER

ALNUM = string.ascii_letters + string.digits
HEX = "0123456789abcdef"


def _b64url(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


JWT = f"{_b64url({'alg': 'HS256', 'typ': 'JWT'})}.{_b64url({'sub': 'night-shift'})}.c2lnbmF0dXJlLWJ5dGVz"
STORAGE_KEY = "Ab9/" * 21 + "xY=="
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow-IBAAKCAQEAx\nq1w2e3\n-----END RSA PRIVATE KEY-----"

# kind, text around the secret with %s, secret
TABLE = [
    ("STORAGE_KEY", "the key %s was refused", STORAGE_KEY),
    ("SECRET", "AccountName=lake;AccountKey=%s;EndpointSuffix=x", STORAGE_KEY[:-3] + "q="),
    ("SECRET", "Endpoint=sb://q.test/;SharedAccessKeyName=root;SharedAccessKey=%s", "nQ3+abcdefg/hij="),
    ("SAS_SIGNATURE", "https://lake.test/c/b?sv=2024-11-04&sp=r&sig=%s&se=2030", "aB%2Fc1d2e3%3D"),
    ("SECRET", "Server=tcp:sql.test;User ID=sa;Password=%s;Encrypt=True", "p@ss,w&rd!"),
    ("SECRET", "Driver={ODBC};UID=sa;PWD={%s};", "semi;colon"),
    ("SECRET", "Driver={ODBC};UID=sa;pwd=%s", "hunter2x"),
    ("BEARER_TOKEN", "curl -H 'X: Bearer %s'", "opaque-token-0123456789"),
    ("AUTHORIZATION", "Authorization: Basic %s", "dXNlcjpwYXNz"),
    ("AUTHORIZATION", '{"authorization": "SharedKey %s"}', "lake:Zm9v"),
    ("JWT", "token was %s.", JWT),
    ("DATABRICKS_TOKEN", "DATABRICKS says %s is invalid", "dapi" + "0a1b2c3d" * 4),
    ("DATABRICKS_TOKEN", "DATABRICKS says %s is invalid", "dapi" + "0a1b2c3d" * 4 + "-2"),
    ("AZURE_CLIENT_SECRET", "AADSTS7000215 secret provided %s for app", "abc8Q~" + "d3F-g_h.i" * 4),
    ("SECRET", "AZURE_CLIENT_SECRET=%s", "plain0ld"),
    ("SLACK_TOKEN", "token %s", "xoxb-123456789012-abcdefGHIJ"),
    ("SLACK_TOKEN", "token %s", "xapp-1-A012-345-abcdef"),
    ("SLACK_WEBHOOK", "https://hooks.slack.com/%s", "services/T0001/B0001/abcdEFGH"),
    ("ATLASSIAN_TOKEN", "jira: %s", "ATATT3xFfGF0" + "aZ09_-" * 6 + "=1A2B"),
    ("GOOGLE_API_KEY", "key %s not valid", "AIza" + "Sy0_-" * 7),
    ("GITHUB_TOKEN", "clone with %s", "ghp_" + "a1B2" * 9),
    ("GITHUB_TOKEN", "clone with %s", "github_pat_" + "a1B2_" * 9),
    ("AWS_KEY", "s3 id %s", "AKIA" + "ABCD1234" * 2),
    ("SECRET", "aws_secret_access_key = %s", "wJalrXUtnFEMI/K7MDENG"),
    ("PRIVATE_KEY", "loaded %s from vault", PEM),
    ("URL_PASSWORD", "postgres://app:%s@db.test:5432/desk", "s3cr:t!"),
    ("SECRET", "https://api.test/run?api_key=%s&run=5", "k-1234567"),
    ("SECRET", "https://api.test/run?token=%s&run=5", "tok1234567"),
    ("FUNCTION_KEY", "https://f.test/api/run?code=%s&x=1", "aB0_-" * 8 + "=="),
    ("SECRET", '{"password": "%s", "user": "sa"}', 'with \\" quote; and, rest'),
    ("SECRET", '{"body": "{\\"client_secret\\": \\"%s\\", \\"a\\": 1}"}', "inner secret"),
    ("SECRET", "{'refreshToken': '%s'}", "r-e-f-r-e-s-h"),
    ("SECRET", "secret => '%s'", "ruby"),
    ("SECRET", "fs.azure.account.key.lake.dfs.core.windows.net=%s", "short/key="),
    ("SECRET", "<connection><db:password>%s</db:password></connection>", "x m l"),
    ("SECRET", "sqlcmd --user sa --password %s -Q 'select 1'", "cli-pass"),
    ("SECRET", "Ocp-Apim-Subscription-Key: %s", "0a1b2c3d4e"),
    ("COOKIE", "Cookie: %s", "sessionid=abc; csrftoken=def"),
]


@pytest.mark.parametrize(("kind", "around", "secret"), TABLE)
def test_planted_secret_is_masked_and_named(kind: str, around: str, secret: str) -> None:
    masked = redact(around % secret)
    assert secret not in masked
    assert f"[[REDACTED_{kind}]]" in masked


@pytest.mark.parametrize(("kind", "around", "secret"), TABLE)
def test_text_around_a_secret_stays_readable(kind: str, around: str, secret: str) -> None:
    before, after = around.split("%s")
    masked = redact(around % secret)
    assert masked.startswith(before)
    assert after.strip(".") in masked


@pytest.mark.parametrize(
    "text",
    [
        "Syntax error: unexpected token: FROM at line 3",
        "max_tokens: 2048, total_tokens=17",
        "Secret does not exist with scope: lake and key: sas-name",
        "Violation of PRIMARY KEY constraint 'PK_Orders'. Cannot insert duplicate key.",
        "Server failed to authenticate. Make sure the Authorization header is formed correctly",
        "https://adf.azure.com/en/monitoring/pipelineruns/0b7d6f3e-7c1a-4c2e-9d35-2f6e0f3b9a11?factory=f",
        "Login failed for user 'loader'. Reason: Password did not match that for the login provided.",
        "design=blue&config=on",
        "password: null, token: '', secret=***",
        "abfss://raw@lake.dfs.core.windows.net/2026/11/20/orders.csv",
        "http://10.0.0.4:8080/path?mail=a@b",
        '{"secret": {"name": "kv-lake"}}',
    ],
)
def test_ordinary_error_text_is_left_alone(text: str) -> None:
    assert redact(text) == text


def test_email_is_kept_for_the_record_and_masked_on_request() -> None:
    text = "owner john.doe+oncall@mail.example.com of cc-IT-1"
    assert redact(text) == text
    assert redact(text, emails=True) == "owner [[REDACTED_EMAIL]] of cc-IT-1"


def test_forged_placeholder_does_not_shelter_a_secret() -> None:
    assert "hunter2" not in redact("password=[[REDACTED_SECRET]]hunter2")


def test_bracket_after_a_secret_stays() -> None:
    assert redact("connect(password=hunter2)") == "connect(password=[[REDACTED_SECRET]])"


PLAIN_PIECES = [
    "AKIA",
    "ASIA",
    "dapi",
    "xoxb",
    "xapp",
    "ATATT",
    "AIza",
    "ya29",
    "GOCSPX",
    "ghp_",
    "github_pat_",
    "sk",
    "sig",
    "code",
    "bearer",
    "authorization",
    "cookie",
    "password",
    "secret",
    "token",
    "pwd",
    "api_key",
    "eyJ",
    "3d",
    "Q",
    "A1b2",
    "_",
    "x",
    "0",
]


@given(st.lists(st.sampled_from([*PLAIN_PIECES, " "]), max_size=18).map("".join))
def test_words_that_are_not_searched_hold_nothing(text: str) -> None:
    text = text[:18]
    assert secret_patterns._TOO_PLAIN.fullmatch(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secret_patterns, "_TOO_PLAIN", re.compile(r"(?!)"))
        assert secret_patterns.find_secrets(text, emails=True) == []


def test_value_that_is_the_next_key_does_not_hide_the_next_value() -> None:
    for text in (
        'PASSWORD="password": "aaaabbbbcccc"',
        "token='pwd' = 'aaaabbbbcccc'",
        "PASSWORD=api-key: aaaabbbbcccc ",
    ):
        assert "aaaabbbbcccc" not in redact(text)


_PLANTS = st.one_of(
    st.text(HEX, min_size=32, max_size=32).map(lambda s: ("dapi" + s, s)),
    st.text(ALNUM + "+/", min_size=86, max_size=86).map(lambda s: (s + "==", s)),
    st.text(ALNUM + "_-", min_size=35, max_size=35).map(lambda s: ("AIza" + s, s)),
    st.text(ALNUM, min_size=36, max_size=36).map(lambda s: ("ghp_" + s, s)),
    st.text(ALNUM + "-", min_size=24, max_size=40).map(lambda s: ("xoxb-" + s, s)),
    st.text(ALNUM + "_-", min_size=24, max_size=60).map(lambda s: ("ATATT3" + s, s)),
    st.text(string.ascii_uppercase + string.digits, min_size=16, max_size=16).map(lambda s: ("AKIA" + s, s)),
    st.text(ALNUM + "_-", min_size=30, max_size=60).map(lambda s: (f"eyJhbGciOiJIUzI1NiJ9.{s}.{s}", s)),
    st.text(ALNUM, min_size=24, max_size=60).map(
        lambda s: (f"-----BEGIN PRIVATE KEY-----\n{s}\n-----END PRIVATE KEY-----", s)
    ),
    st.text(ALNUM + "!$%*+~^", min_size=12, max_size=40).flatmap(
        lambda s: st.sampled_from(
            [
                f";Password={s};",
                f'"password": "{s}"',
                f'\\"clientSecret\\":\\"{s}\\"',
                f"?api_key={s}&",
                f"api-key: {s} ",
                f"SharedAccessKey={s}",
                f"Pwd={{{s}}}",
                f" ://user:{s}@host/",
            ]
        ).map(lambda planted: (planted, s))
    ),
    st.text(ALNUM, min_size=20, max_size=60).map(lambda s: (f"&sig={s}%3D", s)),
    st.text(ALNUM, min_size=20, max_size=60).map(lambda s: (f" Bearer {s}", s)),
)
_SHARDS = st.sampled_from(
    [
        "password=",
        '"token": "',
        "://a:",
        "@",
        "[[REDACTED_EMAIL_1]]",
        "eyJ",
        "\\",
        '"',
        "'",
        "{",
        "}",
        "\n",
        "&x=",
        "-----BEGIN PRIVATE KEY-----",
        "sig=",
        "secret: [",
        "null",
        "dapi",
        "Bearer ",
        "a.b@c.de",
        "<",
        ";",
        ",",
        "]]",
    ]
)
_AROUND = st.lists(st.one_of(st.text(max_size=12), _SHARDS), max_size=8).map("".join)


@settings(max_examples=300)
@given(before=_AROUND, plant=_PLANTS, after=_AROUND)
def test_planted_secret_never_survives_any_surroundings(
    before: str, plant: tuple[str, str], after: str
) -> None:
    planted, secret = plant
    assume(secret not in before + after)
    assert secret not in redact(before + planted + after)


@settings(max_examples=300)
@given(parts=st.lists(st.one_of(_AROUND, _PLANTS.map(lambda plant: plant[0])), max_size=5))
def test_redacting_twice_changes_nothing_more(parts: list[str]) -> None:
    once = redact("".join(parts), emails=True)
    assert redact(once, emails=True) == once


@settings(max_examples=300)
@given(parts=st.lists(st.one_of(_AROUND, _PLANTS.map(lambda plant: plant[0])), max_size=5))
def test_restoring_gives_back_the_very_text(parts: list[str]) -> None:
    text = "".join(parts)
    redactor = Redactor()
    assert redactor.restore(redactor.redact(text)) == text


def test_same_value_gets_the_same_number_across_texts() -> None:
    redactor = Redactor()
    first = redactor.redact("mail a@x.test and b@x.test")
    second = redactor.redact("again b@x.test, key AIza" + "b" * 35)
    assert first == "mail [[REDACTED_EMAIL_1]] and [[REDACTED_EMAIL_2]]"
    assert second == "again [[REDACTED_EMAIL_2]], key [[REDACTED_GOOGLE_API_KEY_1]]"
    assert redactor.counts == {"EMAIL": 2, "GOOGLE_API_KEY": 1}
    assert redactor.restore("write to [[REDACTED_EMAIL_2]] or [[REDACTED_EMAIL_9]]") == (
        "write to b@x.test or [[REDACTED_EMAIL_9]]"
    )


def test_placeholder_planted_in_the_input_is_never_answered_with_a_secret() -> None:
    redactor = Redactor()
    masked = redactor.redact("echo [[REDACTED_EMAIL_1]] to ops@x.test")
    assert masked == "echo [[REDACTED_EMAIL_1]] to [[REDACTED_EMAIL_2]]"
    assert redactor.restore(masked) == "echo [[REDACTED_EMAIL_1]] to ops@x.test"


def test_redactor_without_emails_keeps_them() -> None:
    assert (
        Redactor(emails=False).redact("a@x.test password=q1w2") == "a@x.test password=[[REDACTED_SECRET_1]]"
    )


@pytest.mark.parametrize(
    "shard",
    [
        "a",
        "eyJ",
        "eyJ.",
        "password=",
        'password="',
        "password='\\\\\\",
        "\\",
        '\\"',
        "-",
        "-----BEGIN PRIVATE KEY-----",
        "://a:",
        "://a:b@",
        "a@",
        "a@b.",
        "@a.",
        "Bearer ",
        "xoxb-",
        "sig=",
        "dapi0",
        "[[REDACTED_",
        "password={",
        "& ",
        "password=a&",
        "password=a,",
        "<a",
        "--a-",
        " ",
        "\t",
        "token: [",
        "A/b9",
        "=",
        "Q~",
        "code=",
        "cookie: ",
    ],
)
def test_hostile_megabyte_is_masked_in_linear_time(shard: str) -> None:
    small, large = shard * (250_000 // len(shard)), shard * (1_000_000 // len(shard))
    began = time.perf_counter()
    redact(small, emails=True)
    middle = time.perf_counter()
    redact(large, emails=True)
    ended = time.perf_counter()
    # Four times the text: quadratic work would take sixteen times as long. The constant absorbs a busy
    # machine.
    assert ended - middle < 9 * (middle - began) + 1.0


def test_mapping_masks_named_values_whole_and_texts_inside() -> None:
    masked = mask_mapping(
        {
            "note": "password=q1w2",
            "clientSecret": {"value": "x"},
            "nested": [{"X-Api-Key": "k", "count": 3}, ("Bearer abcdefgh12345678",)],
            "token": None,
            "has_password": True,
            "who": "ann@x.test",
            "max_tokens": 5,
        }
    )
    assert masked == {
        "note": "password=[[REDACTED_SECRET]]",
        "clientSecret": "[[REDACTED_SECRET]]",
        "nested": [{"X-Api-Key": "[[REDACTED_SECRET]]", "count": 3}, ["Bearer [[REDACTED_BEARER_TOKEN]]"]],
        "token": None,
        "has_password": True,
        "who": "ann@x.test",
        "max_tokens": 5,
    }
    assert mask_mapping(masked) == masked


def test_mapping_nested_too_deep_is_cut() -> None:
    deep: dict[str, object] = {"leaf": "password=q1w2"}
    for _ in range(300):
        deep = {"inner": deep}
    text = json.dumps(mask_mapping(deep))
    assert "q1w2" not in text
    assert "[[REDACTED_TOO_DEEP]]" in text


@pytest.mark.parametrize(
    "key", ["password", "DB_PASSWORD", "x-api-key", "accessToken", "Authorization", "sig", "Set-Cookie"]
)
def test_key_that_names_a_secret_is_sensitive(key: str) -> None:
    assert is_sensitive_key(key)


@pytest.mark.parametrize("key", ["max_tokens", "dedup_key", "design", "secret_name", "token_count", "author"])
def test_key_that_only_sounds_like_one_is_not(key: str) -> None:
    assert not is_sensitive_key(key)


def test_placeholder_pattern_matches_what_is_written() -> None:
    assert PLACEHOLDER.fullmatch(redact("AKIA" + "ABCD1234" * 2))
