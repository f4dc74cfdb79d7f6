"""What every answer gets: a Content-Security-Policy and, where it helps, compression.

The policy is strict everywhere and looser only under /admin/: django-unfold needs `unsafe-eval` (Alpine) and
inline styles; no other page gets them.
"""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.utils.deprecation import MiddlewareMixin

STRICT = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
CONSOLE = STRICT.replace("script-src 'self'", "script-src 'self' 'unsafe-eval' 'unsafe-inline'").replace(
    "style-src 'self'", "style-src 'self' 'unsafe-inline'"
)
API_DOCS = STRICT.replace("script-src 'self'", "script-src 'self' 'unsafe-inline'").replace(
    "style-src 'self'", "style-src 'self' 'unsafe-inline'"
)


def policy_for(path: str) -> str:
    if path.startswith("/admin"):
        return CONSOLE
    if path.startswith("/api/docs"):
        return API_DOCS
    return STRICT


class ContentSecurityPolicyMiddleware(MiddlewareMixin):
    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        response.headers.setdefault("Content-Security-Policy", policy_for(request.path))
        return response


class CompressionMiddleware(GZipMiddleware):
    """Django's, for whole answers only.

    Of a stream it would make one gzip member per chunk, of which several HTTP clients read only the first: an
    export would end after its header, without an error.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if response.streaming:
            return response
        return super().process_response(request, response)
