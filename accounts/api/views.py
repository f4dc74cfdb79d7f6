"""Signing in, registering and renewing by JSON Web Token; who am I."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError as WeakPassword
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import (
    AuthenticationFailed,
    PermissionDenied,
    Throttled,
    ValidationError,
)
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt.exceptions import InvalidToken

from accounts import services, tokens
from accounts.api.serializers import (
    LoginSerializer,
    RefreshSerializer,
    RegisterSerializer,
    SignedInSerializer,
    TokenPairSerializer,
    UserSerializer,
    user_row,
)
from accounts.models import User
from accounts.throttle import TooManyAttemptsError
from audit.api.responses import public_answers

REFUSED = "registration_refused"


def signed_in(user: User, message: str) -> dict[str, Any]:
    return {"message": message, **tokens.tokens_for(user), "user": user_row(user)}


class PublicView(APIView):
    """An address without a credential; a stale token in the header must not keep anybody out."""

    permission_classes = (AllowAny,)
    authentication_classes = ()

    def get_authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'  # without it a 401 would be turned into 403


class LoginView(PublicView):
    @extend_schema(
        operation_id="login",
        summary="Sign in; failures are throttled by account and address",
        tags=["people"],
        auth=[],
        request=LoginSerializer,
        responses=public_answers(SignedInSerializer, errors=(400, 401, 403, 413, 415, 429)),
    )
    def post(self, request: Request) -> Response:
        form = LoginSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            user = services.sign_in(request._request, **form.validated_data)
        except services.PasswordLoginOffError as error:
            raise PermissionDenied(str(error), code="password_login_off") from error
        except services.WrongCredentialsError as error:
            raise AuthenticationFailed(str(error), code="wrong_credentials") from error
        except TooManyAttemptsError as error:
            raise Throttled(error.wait, detail="Too many attempts.") from error
        return Response(signed_in(user, "Signed in."))


class RegisterView(PublicView):
    @extend_schema(
        operation_id="register",
        summary="Make a viewer's account, where REGISTRATION allows it",
        tags=["people"],
        auth=[],
        request=RegisterSerializer,
        responses=public_answers(SignedInSerializer, status=201, errors=(400, 403, 413, 415, 429)),
    )
    def post(self, request: Request) -> Response:
        if not services.may_register():
            raise PermissionDenied(str(services.RegistrationClosedError()), code="registration_closed")
        form = RegisterSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            user = services.register(request._request, **form.validated_data)
        except WeakPassword as error:
            raise ValidationError({"password": error.messages}) from error
        except services.RegistrationRefusedError as error:
            raise ValidationError(str(error), code=REFUSED) from error
        except TooManyAttemptsError as error:
            raise Throttled(error.wait, detail="Too many attempts.") from error
        return Response(signed_in(user, "Registered and signed in."), status=201)


class RefreshView(PublicView):
    @extend_schema(
        operation_id="refresh_token",
        summary="A new pair of tokens; the old refresh token is refused from then on",
        tags=["people"],
        auth=[],
        request=RefreshSerializer,
        responses=public_answers(TokenPairSerializer, errors=(400, 401, 413, 415)),
    )
    def post(self, request: Request) -> Response:
        form = RefreshSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            return Response(tokens.renew(form.validated_data["refresh"]))
        except InvalidToken as error:
            raise AuthenticationFailed(tokens.ENDED, code="token_ended") from error


class MeView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(
        operation_id="read_me",
        summary="Who is signed in, and in which role",
        tags=["people"],
        responses=public_answers(UserSerializer, errors=(401,)),
    )
    def get(self, request: Request) -> Response:
        assert isinstance(request.user, User)
        return Response(user_row(request.user))
