"""What is asked before a service key is made, rotated or revoked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django import forms
from django.utils import timezone
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from accounts.models import ServiceKey

_readers: list[Callable[[], list[tuple[str, str]]]] = []


def offer_sources(read: Callable[[], list[tuple[str, str]]]) -> None:
    """Where the alert sources that a key may open are named: in a layer above, which calls this at start."""
    _readers[:] = [read]


def alert_sources() -> list[tuple[str, str]]:
    return [choice for read in _readers for choice in read()]


class NameForm(forms.Form):
    name = forms.CharField(
        max_length=100,
        help_text="Who will present it: one key per sender, so that one can be revoked.",
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"].strip()
        if ServiceKey.objects.filter(name=name).exists():
            raise forms.ValidationError("There is already a key of this name, perhaps a revoked one.")
        return name


class KeyForm(NameForm):
    sources = forms.MultipleChoiceField(
        choices=alert_sources,
        required=False,
        help_text="None ticked: it opens all alert sources.",
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
    )
    expires_at = forms.DateTimeField(
        label="Expires (UTC)",
        required=False,
        help_text="Empty: never. Otherwise like 2027-01-31 18:00.",
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "YYYY-MM-DD HH:MM", "autocomplete": "off"}),
    )

    def clean_expires_at(self) -> datetime | None:
        moment: datetime | None = self.cleaned_data["expires_at"]
        if moment is not None and moment <= timezone.now():
            raise forms.ValidationError("This moment has passed.")
        return moment


class RotateForm(NameForm):
    revoke_old = forms.BooleanField(
        label="Revoke the old key now",
        required=False,
        help_text="Otherwise both work until you revoke the old one, so that senders can change over.",
        widget=UnfoldBooleanWidget(),
    )


class RevokeForm(forms.Form):
    """Nothing to fill in: the button is the question."""
