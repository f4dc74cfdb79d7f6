"""What is asked for a maintenance window and for a mute."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from audit.times import utc, utc_span
from tickets.clock_models import MaintenanceWindow, Mute, Repeat, Weekday
from tickets.models import Ticket
from tickets.quiet.rules import schedule_of
from tickets.quiet.schedule import next_period, period_at

MOMENT_FORM = "%Y-%m-%d %H:%M"


class WindowForm(forms.ModelForm):  # type: ignore[type-arg]
    weekdays = forms.MultipleChoiceField(
        choices=Weekday.choices,
        required=False,
        help_text="On which it begins; only where it repeats weekly.",
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
    )

    class Meta:
        model = MaintenanceWindow
        fields = (
            "name", "reason", "resource_pattern", "source", "team", "repeat", "weekdays", "start_date",
            "start_time", "end_time", "end_date", "time_zone", "is_active",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.weekdays:
            self.initial["weekdays"] = self.instance.weekdays.split(",")

    def clean_weekdays(self) -> str:
        return ",".join(sorted(self.cleaned_data["weekdays"]))

    def clean_time_zone(self) -> str:
        name: str = self.cleaned_data["time_zone"].strip()
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise forms.ValidationError("An IANA name such as Europe/Berlin or UTC is needed.") from None
        return name

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return found
        first, last = found["start_date"], found["end_date"]
        if last is not None and last < first:
            self.add_error("end_date", "It ends before it begins.")
        if found["repeat"] == Repeat.WEEKLY and not found["weekdays"]:
            self.add_error("weekdays", "Tick at least one day.")
        if (
            found["repeat"] == Repeat.ONCE
            and (last or first) == first
            and found["end_time"] <= found["start_time"]
        ):
            self.add_error("end_time", "It ends before it begins; over midnight it needs the end's date.")
        return found


class MuteForm(forms.ModelForm):  # type: ignore[type-arg]
    ticket_id = forms.CharField(
        label="Ticket",
        required=False,
        help_text="Its id, to mute this one ticket.",
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )
    expires_at = forms.DateTimeField(
        label="Until (UTC)",
        help_text="Like 2027-01-31 18:00. A mute always ends.",
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "YYYY-MM-DD HH:MM", "autocomplete": "off"}),
    )

    class Meta:
        model = Mute
        fields = ("resource_pattern", "source", "team", "expires_at", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.ticket is not None:
            self.initial["ticket_id"] = self.instance.ticket.key
        if self.instance.pk:
            self.initial["expires_at"] = self.instance.expires_at.strftime(MOMENT_FORM)

    def clean_ticket_id(self) -> Ticket | None:
        key: str = self.cleaned_data["ticket_id"].strip()
        found = Ticket.objects.filter(key=key).first() if key else None
        if key and found is None:
            raise forms.ValidationError("There is no ticket of this id.")
        return found

    def clean_expires_at(self) -> datetime:
        moment: datetime = self.cleaned_data["expires_at"]
        if moment <= timezone.now():
            raise forms.ValidationError("This moment has passed.")
        return moment

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or self.cleaned_data
        meant = [found.get(name) for name in ("ticket_id", "resource_pattern", "source", "team")]
        if not self.errors and not any(meant):
            raise forms.ValidationError(
                "Say what is to be muted: a ticket, a resource, a source or a team. "
                "For everything at once make a maintenance window."
            )
        self.instance.ticket = found.get("ticket_id")
        return found


def when(window: MaintenanceWindow, now: datetime) -> str:
    """`open until …`, `next …` or why there is no next time; in UTC."""
    if not window.is_active:
        return "switched off"
    schedule = schedule_of(window)
    if period := period_at(schedule, now):
        return f"open until {utc(period.end)}"
    if period := next_period(schedule, now):
        return f"next {utc_span(period.start, period.end)}"
    return "over" if window.start_date <= now.date() else f"from {window.start_date}"
