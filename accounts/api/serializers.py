"""What the account endpoints take and give."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from accounts.models import User
from accounts.roles import GROUP_NAMES

LONGEST_PASSWORD = 1_000


class LoginSerializer(serializers.Serializer[Any]):
    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(
        max_length=LONGEST_PASSWORD, trim_whitespace=False, style={"input_type": "password"}
    )


class RegisterSerializer(LoginSerializer):
    full_name = serializers.CharField(max_length=150)


class RefreshSerializer(serializers.Serializer[Any]):
    refresh = serializers.CharField(max_length=4_000)


class UserSerializer(serializers.Serializer[User]):
    """A person; `roles` is empty for one who may not read yet."""

    id = serializers.IntegerField()
    email = serializers.CharField()
    full_name = serializers.CharField(allow_blank=True)
    employee_id = serializers.CharField(allow_blank=True)
    roles = serializers.ListField(child=serializers.ChoiceField(GROUP_NAMES))


def user_row(user: User) -> dict[str, Any]:
    role = user.role
    return {
        "id": user.pk,
        "email": user.email,
        "full_name": user.full_name,
        "employee_id": user.employee_id,
        "roles": [role.group_name] if role else [],
    }


class TokenPairSerializer(serializers.Serializer[Any]):
    token = serializers.CharField(help_text="For `Authorization: Bearer …`.")
    refresh = serializers.CharField(help_text="For one renewal at /api/token/refresh.")


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Signed in",
            value={
                "message": "Signed in.",
                "token": "eyJhbGciOiJIUzI1NiIs…",
                "refresh": "eyJhbGciOiJIUzI1NiIs…",
                "user": {
                    "id": 3,
                    "email": "ana.lima@example.com",
                    "full_name": "Ana Lima",
                    "employee_id": "E-1042",
                    "roles": ["analyst"],
                },
            },
            response_only=True,
        )
    ]
)
class SignedInSerializer(TokenPairSerializer):
    message = serializers.CharField()
    user = UserSerializer()
