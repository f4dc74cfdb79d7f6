"""The OpenAPI document and its page, without any foreign host."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

from drf_spectacular.contrib.rest_framework_simplejwt import SimpleJWTScheme
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

Endpoint = tuple[str, str, str, Any]


class BearerScheme(SimpleJWTScheme):  # type: ignore[no-untyped-call]
    """Our token class is told like the one it extends; defining it registers it."""

    target_class = "accounts.tokens.PersonAuthentication"


def only_api_addresses(endpoints: Iterable[Endpoint]) -> list[Endpoint]:
    """The API alone, each address without the trailing slash that it also answers to."""
    return [
        (path.rstrip("/"), path_regex, method, view)
        for path, path_regex, method, view in endpoints
        if path.startswith("/api/")
    ]


class SchemaNegotiation(DefaultContentNegotiation):
    """YAML for whoever names it, JSON for everybody else: the schema is never 406."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        try:
            chosen: tuple[BaseRenderer, str] = super().select_renderer(request, renderers, format_suffix)
        except NotAcceptable:
            wanted = "yaml" if "yaml" in request.headers.get("Accept", "") else "json"
            found = next(renderer for renderer in renderers if renderer.format == wanted)
            return found, found.media_type
        return chosen


class OnceGenerator(SchemaGenerator):
    """The document is the same for everybody, and made once: it takes a second, and anybody may ask for it.

    By one thread: drf-spectacular 0.30 fails where two make their first at the same time.
    """

    _making = threading.Lock()
    _made: Any = None

    def get_schema(self, request: Request | None = None, public: bool = False) -> Any:
        with OnceGenerator._making:
            if OnceGenerator._made is None:
                OnceGenerator._made = super().get_schema(request, public)  # type: ignore[no-untyped-call]
        return OnceGenerator._made


class SchemaView(SpectacularAPIView):
    content_negotiation_class = SchemaNegotiation
    generator_class = OnceGenerator
    renderer_classes = [OpenApiJsonRenderer, OpenApiYamlRenderer]


class DocsView(SpectacularSwaggerView):
    content_negotiation_class = DefaultContentNegotiation

    def handle_exception(self, exc: Exception) -> Response:
        """Errors are JSON here too; the page's own renderer would look for a template of theirs."""
        self.request.accepted_renderer, self.request.accepted_media_type = JSONRenderer(), "application/json"
        return super().handle_exception(exc)
