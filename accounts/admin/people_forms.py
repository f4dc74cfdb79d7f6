"""The forms of a person's page: a role instead of groups and permissions."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from unfold.forms import UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminSelectWidget

from accounts.models import User, normalise_email
from accounts.roles import Role

ROLES = [("", "no role"), *((role.group_name, role.group_name) for role in Role)]
RIGHTS = "viewer reads; analyst also acts on tickets; approver also approves remediation; admin does all."


class RoleField(forms.ChoiceField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            choices=ROLES, required=False, help_text=RIGHTS, widget=UnfoldAdminSelectWidget(), **kwargs
        )


class PersonCreationForm(UserCreationForm):
    acting: ClassVar[User | None] = None
    role = RoleField(initial=Role.VIEWER.group_name)

    class Meta:
        model = User
        fields = ("email", "full_name", "employee_id", "is_staff")
        field_classes: ClassVar[dict[str, Any]] = {}
        widgets = {"email": UnfoldAdminEmailInputWidget()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["is_staff"].initial = True

    def clean_email(self) -> str:
        email = normalise_email(self.cleaned_data["email"])
        if User.objects.filter(email=email).exists():
            raise forms.ValidationError("There is already a person with this address.")
        return email


class PersonChangeForm(UserChangeForm):
    acting: ClassVar[User | None] = None
    role = RoleField()

    class Meta:
        model = User
        fields = ("email", "full_name", "employee_id", "password", "is_staff", "is_active")
        field_classes: ClassVar[dict[str, Any]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        held = self.instance.role
        self.initial["role"] = self.fields["role"].initial = held.group_name if held else ""
        if self._is_oneself() or self.instance.is_superuser:
            self.fields["role"].disabled = True
            self.fields["role"].help_text = (
                "Nobody changes their own role."
                if self._is_oneself()
                else "A superuser holds every role (made by `manage.py createsuperuser`)."
            )
        if self._is_oneself():
            for name in ("is_active", "is_staff"):
                self.fields[name].disabled = True

    def _is_oneself(self) -> bool:
        return self.acting is not None and self.instance.pk == self.acting.pk

    def clean_email(self) -> str:
        return normalise_email(self.cleaned_data["email"])
