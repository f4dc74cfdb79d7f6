"""Who may sign in, and how: tokens, registration, single sign-on."""

from __future__ import annotations

from datetime import timedelta

from aiops import env
from aiops.settings.base import LOCAL_SECRETS

JWT_SECRET_KEY = env.text("JWT_SECRET_KEY", LOCAL_SECRETS["JWT_SECRET_KEY"])
if len(JWT_SECRET_KEY.encode()) < 32:
    raise env.EnvironmentValueError("JWT_SECRET_KEY", "at least 32 bytes (256 bits)")
JWT_EXPIRY_HOURS = env.integer("JWT_EXPIRY_HOURS", 24, minimum=1, maximum=24 * 30)
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(hours=JWT_EXPIRY_HOURS),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=30),
    "ALGORITHM": "HS256",
    "SIGNING_KEY": JWT_SECRET_KEY,
}

REGISTRATION = env.choice("REGISTRATION", "closed", ("closed", "domain", "open"))
REGISTRATION_DOMAINS = env.words("REGISTRATION_DOMAINS")
if REGISTRATION == "domain" and not REGISTRATION_DOMAINS:
    raise env.EnvironmentValueError(
        "REGISTRATION_DOMAINS", "a comma-separated list, as REGISTRATION is domain"
    )

# Single sign-on by OpenID Connect; off unless both are set.
OIDC_ISSUER = env.url("OIDC_ISSUER")
OIDC_CLIENT_ID = env.text("OIDC_CLIENT_ID")
OIDC_CLIENT_SECRET = env.text("OIDC_CLIENT_SECRET")
OIDC_ROLE_CLAIM = env.text("OIDC_ROLE_CLAIM", "roles")
# The claim's value → the desk's role.
OIDC_ROLES = dict(env.pairs("OIDC_ROLES", options=("viewer", "analyst", "approver", "admin")))
# An address without `email_verified`, which Entra does not send.
OIDC_TRUST_EMAIL = env.flag("OIDC_TRUST_EMAIL", default=False)
PASSWORD_LOGIN = env.flag("PASSWORD_LOGIN", default=True)
if bool(OIDC_ISSUER) != bool(OIDC_CLIENT_ID):
    raise env.EnvironmentValueError("OIDC_CLIENT_ID", "OIDC_ISSUER and OIDC_CLIENT_ID to be set together")
if OIDC_ISSUER and not OIDC_ROLES:
    raise env.EnvironmentValueError(
        "OIDC_ROLES", "value=role pairs such as Desk.Viewer=viewer, for OIDC_ISSUER"
    )
if not PASSWORD_LOGIN and not OIDC_ISSUER:
    raise env.EnvironmentValueError("PASSWORD_LOGIN", "on, unless OIDC_ISSUER gives another way in")
