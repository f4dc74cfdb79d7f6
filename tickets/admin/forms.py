"""The questions that a verb asks before it is carried out."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.models import User
from accounts.roles import Role

LONGEST_NOTE = 10_000
MOST_PEOPLE = 500


class AcknowledgeForm(forms.Form):
    note = forms.CharField(
        label="Resolution note",
        required=False,
        max_length=LONGEST_NOTE,
        help_text="What was wrong and what was done. It goes into the audit trail.",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )
    employee_id = forms.CharField(
        label="Employee id",
        required=False,
        max_length=64,
        help_text="Empty: the one of your account.",
        widget=UnfoldAdminTextInputWidget(),
    )


class ReopenForm(forms.Form):
    reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=LONGEST_NOTE,
        help_text="An acknowledged ticket starts a new SLA period.",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
    )


def people_who_act() -> QuerySet[User]:
    """Active people who may work on tickets."""
    acting = [role.group_name for role in Role if role >= Role.ANALYST]
    found = User.objects.filter(Q(groups__name__in=acting) | Q(is_superuser=True), is_active=True)
    return found.distinct().order_by("email")[:MOST_PEOPLE]


class AssignForm(forms.Form):
    person = forms.TypedChoiceField(
        label="Owner",
        required=False,
        empty_value=None,
        help_text="Active people who may act on tickets.",
        widget=UnfoldAdminSelectWidget(),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._people = {str(user.pk): user for user in people_who_act()}
        field = self.fields["person"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [
            ("", "Nobody"),
            *((pk, f"{user.get_full_name()} ({user.email})") for pk, user in self._people.items()),
        ]

    def clean_person(self) -> User | None:
        return self._people.get(self.cleaned_data["person"] or "")


class CommentForm(forms.Form):
    text = forms.CharField(
        label="Comment", max_length=LONGEST_NOTE, widget=UnfoldAdminTextareaWidget(attrs={"rows": 2})
    )
