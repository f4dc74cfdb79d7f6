"""The one error that everything outside the project raises at its border."""

from __future__ import annotations


class IntegrationError(Exception):
    """A vendor could not be reached or refused.

    `permanent` says that trying again without a change by a person is useless; `retry_after` is in seconds
    and None where the vendor gave none; `status` is the HTTP status or None; `code` the vendor's own error
    code. `outcome_unknown` says that what was asked for may have taken effect: look before asking again.
    The message is safe to store and to show: no credential, and no response body beyond 300 characters.
    """

    def __init__(
        self,
        message: str,
        *,
        vendor: str,
        permanent: bool,
        retry_after: float | None = None,
        status: int | None = None,
        code: str = "",
        advice: str = "",
        outcome_unknown: bool = False,
    ) -> None:
        super().__init__(message)
        self.vendor = vendor
        self.permanent = permanent
        self.retry_after = retry_after
        self.status = status
        self.code = code
        self.advice = advice
        self.outcome_unknown = outcome_unknown


class NotConfiguredError(IntegrationError):
    """The settings that this vendor needs are absent; the advice names them."""

    def __init__(self, vendor: str, advice: str) -> None:
        super().__init__(f"{vendor} is not configured", vendor=vendor, permanent=True, advice=advice)
