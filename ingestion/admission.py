"""Who is let in at the door: one function for every face of it, before a body is read."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import InterfaceError, OperationalError
from prometheus_client import Counter

from accounts.guessing import note_failed_attempt
from ingestion import answers, throttle
from ingestion.answers import Answer
from ingestion.credentials import ASKING, Caller, Checks, identify
from ingestion.signing_keys import KeysAwayError

REFUSED = Counter("aiops_webhook_refused_total", "Requests without a good credential.", ["source"])
THROTTLED = Counter(
    "aiops_webhook_throttled_total", "Requests answered 429, by what there was too much of.", ["what"]
)

RETRY_AFTER_SECONDS = "5"
CREDENTIALS = "X-Api-Key, ?api_key=, Basic or an Entra ID token of a secure webhook"
# Many HTTP clients send a user name and password only to who asks for them so (RFC 9110, section 11.6.1).
CHALLENGE = 'Basic realm="AIOps Desk", charset="UTF-8"'


def admit(
    source: str,
    headers: Mapping[str, str],
    *,
    query_key: str,
    address: str,
    checks: Checks = ASKING,
    is_alert: bool = True,
) -> Caller | Answer:
    """The caller behind a good credential, or the answer that turns the request away.

    A good credential always enters, however many bad ones came from its address. `is_alert` counts the request
    against its key's rate. Raises what `checks` raises for "not from memory".
    """
    api_key, authorization = headers.get("X-Api-Key", ""), headers.get("Authorization", "")
    try:
        caller = identify(
            source=source,
            api_key=api_key,
            query_key=query_key,
            authorization=authorization,
            checks=checks,
            is_alert=is_alert,
        )
    except (OperationalError, InterfaceError):
        return _try_again("The database is not reachable; try again.")
    except KeysAwayError:
        return _try_again("The signing keys of Entra ID are not reachable; try again.")
    if caller is None:
        return _stranger(source, address, is_guess=bool(api_key or query_key or authorization))
    if is_alert and (wait := throttle.count_alert(caller.key_name)):
        return _slow_down(
            "alerts", "Too many alerts with this key (WEBHOOK_RATE_LIMIT); try again later.", wait
        )
    return caller


def _stranger(source: str, address: str, *, is_guess: bool) -> Answer:
    """Nothing is stored of such a request but these counts.

    A request that presents nothing guesses nothing: a sender that waits to be asked begins every alert so.
    """
    REFUSED.labels(source or "check-ticket").inc()
    if is_guess and (wait := note_failed_attempt(address)):
        return _slow_down(
            "failed credentials", "Too many bad credentials from this address; try again later.", wait
        )
    return answers.refused(401, f"A valid credential is needed: {CREDENTIALS}.", WWW_Authenticate=CHALLENGE)


def _slow_down(what: str, detail: str, wait: int) -> Answer:
    THROTTLED.labels(what).inc()
    return answers.refused(429, detail, Retry_After=str(wait))


def _try_again(detail: str) -> Answer:
    return answers.refused(503, detail, Retry_After=RETRY_AFTER_SECONDS)
