"""The pages of signing in and out. Where to go next is decided by Django's own view, which refuses foreign hosts."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.views import LoginView, LogoutView
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.generic import FormView

from accounts import services
from accounts.forms import EmailLoginForm, RegisterForm

MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"


def _slow_down(response: HttpResponse, wait: int) -> HttpResponse:
    if wait:
        response.status_code = 429
        response.headers["Retry-After"] = str(wait)
    return response


class LoginPage(LoginView):
    template_name = "dashboard/login.html"
    authentication_form = EmailLoginForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**services.ways_in(), **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.PASSWORD_LOGIN:
            raise PermissionDenied(str(services.PasswordLoginOffError()))
        return super().post(request, *args, **kwargs)

    def form_invalid(self, form: Any) -> HttpResponse:
        return _slow_down(super().form_invalid(form), form.wait)


class LogoutPage(LogoutView):
    http_method_names = ["post"]


class RegisterPage(FormView):  # type: ignore[type-arg]
    template_name = "dashboard/register.html"
    form_class = RegisterForm

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not services.may_register():
            raise PermissionDenied(str(services.RegistrationClosedError()))
        if request.user.is_authenticated:
            return redirect("dashboard")
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "request": self.request}

    def form_valid(self, form: RegisterForm) -> HttpResponse:
        assert form.user is not None
        login(self.request, form.user, backend=MODEL_BACKEND)
        return redirect("/dashboard")

    def form_invalid(self, form: RegisterForm) -> HttpResponse:
        return _slow_down(super().form_invalid(form), form.wait)


def front_page(request: HttpRequest) -> HttpResponse:
    return redirect("/dashboard" if request.user.is_authenticated else "/login")


def console_login(request: HttpRequest) -> HttpResponse:
    """The console has no sign-in of its own: one door, one throttle. Who is signed in already may not enter it."""
    if request.user.is_authenticated:
        raise PermissionDenied("Your account may not enter the console.")
    return redirect(f"{reverse('login')}?{request.GET.urlencode()}")
