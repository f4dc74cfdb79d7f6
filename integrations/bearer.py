"""A JSON API behind a bearer token: what the clients of Databricks, Data Factory and Synapse share."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from integrations import http
from integrations.azure_identity import TokenSource
from integrations.errors import IntegrationError

CALL_SECONDS = 45.0


@dataclass(frozen=True, slots=True)
class Budget:
    """Time for a whole piece of work of several calls. Raises when it is used up, before the next call."""

    ends_at: float  # monotonic

    @classmethod
    def of(cls, seconds: float) -> Budget:
        return cls(time.monotonic() + seconds)

    def left(self, vendor: str) -> float:
        seconds = self.ends_at - time.monotonic()
        if seconds > 0:
            return min(seconds, CALL_SECONDS)
        raise IntegrationError(
            f"{vendor}: no time was left for the next call",
            vendor=vendor,
            permanent=False,
            code="out_of_time",
        )


@dataclass(frozen=True, slots=True)
class BearerApi:
    """Calls to one base address. `advise` turns a refusal into a sentence on what to change ("" for none)."""

    vendor: str
    base: str
    tokens: TokenSource = field(repr=False)
    scope: str
    advise: Callable[[IntegrationError], str]
    budget: Budget | None = None

    def within(self, seconds: float) -> BearerApi:
        """The same API, with `seconds` for all calls together."""
        return replace(self, budget=Budget.of(seconds))

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: object | None = None,
        idempotent: bool = True,
    ) -> http.Response:
        """One call. A fetched token that is refused is fetched anew once: 401 means that nothing was done."""
        try:
            return self._send(method, path, params, json, idempotent=idempotent)
        except IntegrationError as error:
            if error.status != 401 or error.vendor != self.vendor or not self.tokens.forget(self.scope):
                self._complete(error)
                raise
        try:
            return self._send(method, path, params, json, idempotent=idempotent)
        except IntegrationError as error:
            self._complete(error)
            raise

    def get(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        return self.call("GET", path, params=params).json_object()

    def post(self, path: str, json: object, *, idempotent: bool = True) -> dict[str, Any]:
        return self.call("POST", path, json=json, idempotent=idempotent).json_object()

    def _send(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        json: object | None,
        *,
        idempotent: bool,
    ) -> http.Response:
        deadline = self.budget.left(self.vendor) if self.budget else CALL_SECONDS
        headers = {"Authorization": f"Bearer {self.tokens.token(self.scope)}"}
        return http.request(
            self.vendor,
            method,
            self.base + path,
            headers=headers,
            params=params,
            json=json,
            idempotent=idempotent,
            deadline=deadline,
        )

    def _complete(self, error: IntegrationError) -> None:
        if error.vendor == self.vendor:
            error.advice = error.advice or self.advise(error)


def pages(fetch: Callable[[str], dict[str, Any]], token_name: str, limit: int) -> Iterator[dict[str, Any]]:
    """Answers page by page while each names the next; at most `limit`, and never the same page twice."""
    token = ""
    seen = {token}
    for _ in range(limit):
        page = fetch(token)
        yield page
        following = page.get(token_name)
        if not isinstance(following, str) or following in seen:
            return
        token = following
        seen.add(token)
