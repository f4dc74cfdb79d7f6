"""The two addresses of single sign-on: there, and back."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts import services, throttle
from accounts.sso import is_on, people
from audit.middleware import client_address

MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"
NEXT = "sso-next"
AWAY = "The sign-on service cannot be reached. Try again in a minute."
REFUSED = "The sign-on service's answer could not be used. Try again."

Page = Callable[[HttpRequest], HttpResponse]


def throttled(page: Page) -> Page:
    """Off, there is no such page; on, it answers so many calls of one address."""

    @wraps(page)
    def answer(request: HttpRequest) -> HttpResponse:
        if not is_on():
            raise Http404
        try:
            throttle.begin(throttle.SSO, "", client_address(request))
        except throttle.TooManyAttemptsError as error:
            response = _problem(request, str(error), 429)
            response.headers["Retry-After"] = str(error.wait)
            return response
        return page(request)

    return answer


@never_cache
@require_GET
@throttled
def begin(request: HttpRequest) -> HttpResponse:
    """Send the person to the issuer; where they wanted to go is kept, if it is an address of ours."""
    from accounts.sso import provider  # noqa: PLC0415 - a hundred modules, loaded where it is switched on

    wanted = request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    request.session[NEXT] = wanted if is_ours else settings.LOGIN_REDIRECT_URL
    try:
        return provider.redirect_to_issuer(request, settings.PUBLIC_BASE_URL + reverse("sso-back"))
    except provider.IssuerAwayError as error:
        people.record_failure(str(error))
        return _problem(request, AWAY, 503)


@never_cache
@require_GET
@throttled
def back(request: HttpRequest) -> HttpResponse:
    """The issuer sent the person back with a code. Of who was not sent there nothing is recorded."""
    from accounts.sso import provider  # noqa: PLC0415 - as above

    if not provider.is_expected(request):
        return _problem(request, REFUSED, 403)
    wanted = request.session.pop(NEXT, settings.LOGIN_REDIRECT_URL)
    try:
        user = people.sign_in(provider.claims_of(request))
    except provider.IssuerAwayError as error:
        people.record_failure(str(error))
        return _problem(request, AWAY, 503)
    except provider.RefusedByIssuerError as error:
        people.record_failure(str(error))
        return _problem(request, REFUSED, 403)
    except people.NotWelcomeError as error:
        return _problem(request, str(error), 403)
    login(request, user, backend=MODEL_BACKEND)
    return redirect(wanted)


def _problem(request: HttpRequest, text: str, status: int) -> HttpResponse:
    return render(request, "dashboard/login.html", {"problem": text, **services.ways_in()}, status=status)
