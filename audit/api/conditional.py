"""`ETag` and `304 Not Modified` for reads: the tag is the hash of the body, so it can never be stale."""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_cache_control, patch_vary_headers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class ConditionalView(APIView):
    """A view whose GET answers `304` when the caller already holds the same body."""

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        final = super().finalize_response(request, response, *args, **kwargs)
        if (
            request.method in {"GET", "HEAD"}
            and final.status_code == 200
            and hasattr(final, "add_post_render_callback")
        ):
            django_request = request._request
            final.add_post_render_callback(lambda rendered: _with_tag(django_request, rendered))
        return final


def _with_tag(request: HttpRequest, response: HttpResponse) -> HttpResponse | None:
    tag = f'"{hashlib.blake2b(response.content, digest_size=16).hexdigest()}"'
    response.headers["ETag"] = tag
    patch_cache_control(response, private=True, no_cache=True)
    patch_vary_headers(response, ("Authorization", "Cookie"))
    answer = get_conditional_response(request, etag=tag, response=response)
    return None if answer is response else answer
