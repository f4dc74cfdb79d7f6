"""Permissions of the API: one class per role, nothing else decides who may call what."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.roles import Role

if TYPE_CHECKING:
    from rest_framework.views import APIView


class HasRole(BasePermission):
    role: ClassVar[Role]

    def has_permission(self, request: Request, view: APIView) -> bool:
        user = request.user
        return user.is_authenticated and user.has_role(self.role)


class IsViewer(HasRole):
    role = Role.VIEWER


class IsAnalyst(HasRole):
    role = Role.ANALYST


class IsApprover(HasRole):
    role = Role.APPROVER
