"""Short ways to call the vendor on loopback through `http.request`."""

from __future__ import annotations

import pytest

from integrations import http
from integrations.errors import IntegrationError
from tests.support.vendor_server import VendorServer


def call(vendor: VendorServer, method: str = "GET", path: str = "/x", **options: object) -> http.Response:
    return http.request("acme", method, vendor.url + path, **options)  # type: ignore[arg-type]


def failing(
    vendor: VendorServer, method: str = "GET", path: str = "/x", **options: object
) -> IntegrationError:
    with pytest.raises(IntegrationError) as caught:
        call(vendor, method, path, **options)
    return caught.value
