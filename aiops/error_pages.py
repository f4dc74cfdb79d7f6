"""Django's own error answers: in the API's form under /api/, one plain sentence elsewhere."""

from __future__ import annotations

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from aiops.api_errors import error_body

API_PREFIX = "/api/"


def _answer(request: HttpRequest, status: int, detail: str, code: str) -> HttpResponse:
    if request.path.startswith(API_PREFIX):
        return JsonResponse(error_body(detail, code), status=status)
    return HttpResponse(f"{detail}\n", status=status, content_type="text/plain; charset=utf-8")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, DisallowedHost):
        return _answer(
            request, 400, "The host name of this request is not in DJANGO_ALLOWED_HOSTS.", "unknown_host"
        )
    return _answer(request, 400, "The request could not be understood.", "bad_request")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 403, "You may not do this.", "permission_denied")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 404, "There is nothing at this address.", "not_found")


def server_error(request: HttpRequest) -> HttpResponse:
    return _answer(request, 500, "Something went wrong here; it has been logged.", "server_error")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _answer(
        request, 403, "The form was sent without its token, or too late; reload the page.", "csrf_failed"
    )


@csrf_exempt
def unknown_api_address(request: HttpRequest) -> HttpResponse:
    """Whatever under /api/ no address answers, also while DEBUG shows its own page for unknown addresses."""
    return not_found(request, LookupError())
