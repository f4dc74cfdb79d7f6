"""From roles to what Django's admin asks: one mixin, so that no page decides by itself who may do what."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpRequest

from accounts.models import User
from accounts.roles import Role


def has_role(request: HttpRequest, role: Role) -> bool:
    return isinstance(request.user, User) and request.user.has_role(role)


def signed_in(request: HttpRequest) -> User:
    """The person behind a request that has passed the admin's own check."""
    assert isinstance(request.user, User)
    return request.user


class RolePermissions:
    """The role that each kind of access needs; None means nobody, whatever else they hold.

    Django's per-model permissions are not asked at all: roles are groups without rows of their own.
    """

    view_role: ClassVar[Role | None] = Role.VIEWER
    act_role: ClassVar[Role | None] = None
    add_role: ClassVar[Role | None] = None
    change_role: ClassVar[Role | None] = None
    delete_role: ClassVar[Role | None] = None

    @staticmethod
    def _holds(request: HttpRequest, role: Role | None) -> bool:
        return role is not None and has_role(request, role)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._holds(request, self.view_role)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._holds(request, self.view_role)

    def has_act_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """For the verbs of an object: named in `@admin.action(permissions=["act"])`."""
        return self._holds(request, self.act_role)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._holds(request, self.add_role)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._holds(request, self.change_role)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._holds(request, self.delete_role)
