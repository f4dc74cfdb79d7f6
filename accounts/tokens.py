"""JSON Web Tokens: made, renewed and refused. They end with the person's sessions (`User.get_session_auth_hash`)."""

from __future__ import annotations

from django.db import transaction
from django.utils.crypto import constant_time_compare
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import AuthenticationFailed, InvalidToken, TokenError
from rest_framework_simplejwt.tokens import RefreshToken, Token

from accounts.models import User
from accounts.services import may_use_password

STAMP_CLAIM = "stamp"
ENDED = "This token has ended; sign in again."


class PersonAuthentication(JWTAuthentication):
    """`Authorization: Bearer …`; refuses tokens of a person whose password, role or standing changed since."""

    def get_user(self, validated_token: Token) -> User:  # type: ignore[override]
        user = super().get_user(validated_token)
        if not isinstance(user, User) or not _is_current(user, validated_token):
            raise AuthenticationFailed(ENDED, code="token_ended")
        return user


def _is_current(user: User, token: Token) -> bool:
    return constant_time_compare(str(token.get(STAMP_CLAIM)), user.get_session_auth_hash())


def tokens_for(user: User) -> dict[str, str]:
    """A new pair: `token` for calls, `refresh` for one renewal."""
    refresh = RefreshToken.for_user(user)
    refresh[STAMP_CLAIM] = user.get_session_auth_hash()
    return {"token": str(refresh.access_token), "refresh": str(refresh)}


def renew(text: str) -> dict[str, str]:
    """A new pair for an unused refresh token, which is refused from then on; raises InvalidToken."""
    try:
        old = RefreshToken(text)  # type: ignore[arg-type]
        user = PersonAuthentication().get_user(old)
        if not may_use_password(user):  # by which the first of these tokens was given
            raise InvalidToken(ENDED)
        with transaction.atomic():
            is_first_use: bool = old.blacklist()[1]  # type: ignore[index]
            if not is_first_use:  # two callers at once: one of them stole it
                raise InvalidToken(ENDED)
            return tokens_for(user)
    except (TokenError, AuthenticationFailed) as error:
        raise InvalidToken(ENDED) from error
