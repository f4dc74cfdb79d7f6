"""The forms of signing in and registering; what they decide is decided in `accounts.services`."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest

from accounts import services
from accounts.models import User, normalise_email
from accounts.throttle import TooManyAttemptsError


class EmailLoginForm(AuthenticationForm):
    """Django's own form with an e-mail address for a name. `wait`: seconds until another try counts."""

    username = forms.EmailField(
        label="E-mail", widget=forms.EmailInput(attrs={"autofocus": True, "autocomplete": "username"})
    )
    wait = 0

    def clean_username(self) -> str:
        return normalise_email(self.cleaned_data["username"])

    def clean(self) -> dict[str, Any]:
        email, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if not email or not password or self.request is None:
            return self.cleaned_data
        try:
            self.user_cache = services.sign_in(self.request, email, password)
        except services.WrongCredentialsError as error:
            raise forms.ValidationError(str(error), code="invalid_login") from error
        except TooManyAttemptsError as error:
            self.wait = error.wait
            raise forms.ValidationError(str(error), code="throttled") from error
        return self.cleaned_data


class RegisterForm(forms.Form):
    full_name = forms.CharField(max_length=150)
    email = forms.EmailField(max_length=254)
    password = forms.CharField(max_length=1000, strip=False, widget=forms.PasswordInput)
    wait = 0
    user: User | None = None

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean(self) -> dict[str, Any]:
        if self.errors:
            return self.cleaned_data
        try:
            self.user = services.register(self.request, **self.cleaned_data)
        except forms.ValidationError as error:
            self.add_error("password", error)
        except services.RegistrationRefusedError as error:
            raise forms.ValidationError(str(error), code="refused") from error
        except TooManyAttemptsError as error:
            self.wait = error.wait
            raise forms.ValidationError(str(error), code="throttled") from error
        return self.cleaned_data
