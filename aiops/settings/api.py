"""The API's framework and its description."""

from __future__ import annotations

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.tokens.PersonAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.permissions.IsViewer"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["aiops.parsers.JsonBodyParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "aiops.parsers.AlwaysFirst",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "aiops.api_errors.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "AIOps Desk",
    "DESCRIPTION": "Tickets for failed Data Factory and Databricks runs: reads, actions, exports.",
    "VERSION": "1.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "PREPROCESSING_HOOKS": ["aiops.schema.only_api_addresses"],
    "COMPONENT_SPLIT_REQUEST": True,
    # Names that say what they are in a client that was generated from the schema.
    "ENUM_NAME_OVERRIDES": {
        "TicketStatus": "tickets.choices.Status",
        "DeliveryChannel": "integrations.models.Channel",
        "DeliveryOperation": "integrations.models.Operation",
        "DeliveryState": "integrations.models.State",
        "EntryIntegrity": "audit.integrity.EntryState",
        "ConflictCode": ["transition_not_allowed", "changed_meanwhile", "not_possible"],
        "TicketRelation": "tickets.choices.RELATIONS",
        "FeedbackVerdict": "rca.models.Feedback.Verdict",
        "RoleName": "accounts.roles.GROUP_NAMES",
    },
}
