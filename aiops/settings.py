"""Every setting of the project, read from the environment once, at start.

The table in the README lists the variables; `aiops.env` refuses values that cannot be read.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import load_dotenv
from kombu.entity import Exchange, Queue

from aiops import databases, env, local_secrets
from aiops.console import theme
from audit.signing import SigningKeyError, private_key, public_key

BASE_DIR = Path(__file__).resolve().parent.parent
load_dotenv(BASE_DIR / ".env", override=False)  # the process environment wins

DATA_DIR = Path(env.text("AIOPS_DATA_DIR", str(BASE_DIR / "var")))
LOCAL_SECRETS = local_secrets.load(DATA_DIR)

# --- Django -----------------------------------------------------------------------------------------------
DEBUG = env.flag("DJANGO_DEBUG", default=False)
SECRET_KEY = env.text("DJANGO_SECRET_KEY", LOCAL_SECRETS["DJANGO_SECRET_KEY"])
PUBLIC_BASE_URL = env.url("PUBLIC_BASE_URL", "http://127.0.0.1:8000").rstrip("/")
HTTPS = PUBLIC_BASE_URL.startswith("https://")
ALLOWED_HOSTS = [
    *env.words("DJANGO_ALLOWED_HOSTS", ("127.0.0.1", "localhost", "[::1]")),
    urlsplit(PUBLIC_BASE_URL).hostname or "localhost",
]
CSRF_TRUSTED_ORIGINS = [PUBLIC_BASE_URL]

INSTALLED_APPS = [
    "daphne",
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.import_export",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "import_export",
    "audit",
    "accounts",
    "tickets",
    "integrations",
    "rca",
    "remediation",
    "ingestion",
    "aiops",
]

MIDDLEWARE = [
    "audit.middleware.RequestContextMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "aiops.middleware.CompressionMiddleware",  # pages, modules and lists; the dashboard's weight counts on it
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "aiops.middleware.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "aiops.urls"
ASGI_APPLICATION = "aiops.asgi.application"
APPEND_SLASH = False  # a webhook is never redirected; both forms of each address are routed

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {"default": databases.configuration(DATA_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_I18N = False
FORMAT_MODULE_PATH = "aiops.formats"
USE_TZ = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(env.text("DJANGO_STATIC_ROOT", str(DATA_DIR / "static")))
WHITENOISE_USE_FINDERS = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024

# --- Security ---------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "/login"
LOGIN_REDIRECT_URL = "/dashboard"
LOGOUT_REDIRECT_URL = "/login"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.BCryptSHA256PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "aiops.error_pages.csrf_failure"
SECURE_SSL_REDIRECT = False  # the proxy's work: a redirected webhook would lose its body
SECURE_HSTS_SECONDS = env.integer("DJANGO_HSTS_SECONDS", 31_536_000 if HTTPS else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.flag("DJANGO_HSTS_SUBDOMAINS", default=False)
SECURE_HSTS_PRELOAD = env.flag("DJANGO_HSTS_PRELOAD", default=False)
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
TRUST_PROXY = env.flag("TRUST_PROXY", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUST_PROXY else None

# --- Redis, Celery, Channels ------------------------------------------------------------------------------
REDIS_URL = env.url("REDIS_URL", schemes=("redis", "rediss", "unix"))
EMBEDDED = not REDIS_URL

# Longer than the longest task: a message comes back only when its worker is dead. The row's lease, which is much
# shorter, has brought the work back by then.
VISIBILITY_SECONDS = 4500
CELERY_BROKER_URL = REDIS_URL or "memory://"
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_BROKER_TRANSPORT_OPTIONS = (
    # kombu's own default of one poll a second would make the embedded worker useless
    {"polling_interval": 0.02}
    if EMBEDDED
    else {"visibility_timeout": VISIBILITY_SECONDS, "socket_connect_timeout": 2, "socket_keepalive": True}
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker outlives its broker, however long that is away
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_TASK_PUBLISH_RETRY = False  # a lost wake-up is found by the sweep; a web process must not wait for it
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CONCURRENCY = env.integer("WORKER_CONCURRENCY", 4, minimum=1, maximum=256)
CELERY_TASK_DEFAULT_QUEUE = "aiops"
# What people wait for, a queue per vendor, and what may be slow. Every worker serves all of them unless it is
# told which, so that none can be forgotten.
QUEUES = (
    "aiops", "aiops.jira", "aiops.slack", "aiops.blob", "aiops.escalation", "aiops.remediation", "aiops.slow",
)  # fmt: skip
WORKER_QUEUES = env.words("WORKER_QUEUES", QUEUES, options=QUEUES)
# Each with an exchange of its own: on Celery's shared default one every queue would get every message.
CELERY_TASK_QUEUES = [
    Queue(name, Exchange(name), routing_key=name)  # type: ignore[no-untyped-call]
    for name in WORKER_QUEUES
]
CELERY_TASK_ROUTES = {
    name: {"queue": "aiops.slow"}
    for name in (
        "accounts.trim",
        "audit.seal",
        "audit.settle_counts",
        "audit.verify",
        "ingestion.apply_retention",
        "ingestion.reconcile",
        "integrations.plan_digests",
        "integrations.reconcile_jira",
        "integrations.send_broadcasts",
        "integrations.trim_inbound_calls",
        "rca.collect_late_evidence",
        "rca.settle_questions",
        "tickets.fill_search_index",
        "tickets.trim_live_events",
    )
}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"  # every periodic task reads its truth from the database

CHANNEL_LAYERS = {
    "default": (
        {"BACKEND": "channels.layers.InMemoryChannelLayer"}
        if EMBEDDED
        else {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [REDIS_URL], "prefix": "aiops"},
        }
    )
}

# --- API --------------------------------------------------------------------------------------------------
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
OIDC_ROLES = dict(
    env.pairs("OIDC_ROLES", options=("viewer", "analyst", "approver", "admin"))
)  # the claim's value → the desk's role
OIDC_TRUST_EMAIL = env.flag(
    "OIDC_TRUST_EMAIL", default=False
)  # without `email_verified`, which Entra does not send
PASSWORD_LOGIN = env.flag("PASSWORD_LOGIN", default=True)
if bool(OIDC_ISSUER) != bool(OIDC_CLIENT_ID):
    raise env.EnvironmentValueError("OIDC_CLIENT_ID", "OIDC_ISSUER and OIDC_CLIENT_ID to be set together")
if OIDC_ISSUER and not OIDC_ROLES:
    raise env.EnvironmentValueError(
        "OIDC_ROLES", "value=role pairs such as Desk.Viewer=viewer, for OIDC_ISSUER"
    )
if not PASSWORD_LOGIN and not OIDC_ISSUER:
    raise env.EnvironmentValueError("PASSWORD_LOGIN", "on, unless OIDC_ISSUER gives another way in")

# --- The door ---------------------------------------------------------------------------------------------
RCA_API_KEY = env.text("RCA_API_KEY", LOCAL_SECRETS["RCA_API_KEY"])
WEBHOOK_AUTH = env.choice("WEBHOOK_AUTH", "on", ("on", "off"))
WEBHOOK_RATE_LIMIT = env.rate("WEBHOOK_RATE_LIMIT")  # alerts of one key, in each web process
WEBHOOK_FAILURE_LIMIT = env.rate("WEBHOOK_FAILURE_LIMIT") or (100, 60)  # bad credentials of one address
INGESTION_MAX_BODY_BYTES = env.integer("INGESTION_MAX_BODY_BYTES", 1024 * 1024, minimum=1024)
INGESTION_MAX_FAILURES_PER_BODY = env.integer("INGESTION_MAX_FAILURES_PER_BODY", 1000, minimum=1)
INGESTION_QUEUE_LIMIT = env.integer("INGESTION_QUEUE_LIMIT", 5000, minimum=1)
AZURE_WEBHOOK_AUDIENCE = env.text("AZURE_WEBHOOK_AUDIENCE")
AZURE_WEBHOOK_TENANT_ID = env.text("AZURE_WEBHOOK_TENANT_ID")
AZURE_WEBHOOK_JWKS_URL = env.url("AZURE_WEBHOOK_JWKS_URL")
JIRA_WEBHOOK_SECRET = env.text("JIRA_WEBHOOK_SECRET")
SLACK_SIGNING_SECRET = env.text("SLACK_SIGNING_SECRET")
AUTO_CLOSE_ON_RESOLVED = env.flag("AUTO_CLOSE_ON_RESOLVED", default=False)

# --- Root cause analysis ----------------------------------------------------------------------------------
RCA_PROVIDERS = env.words("RCA_PROVIDERS", ("gemini", "rules"), options=("gemini", "google-genai", "rules"))
GEMINI_API_KEY = env.text("GEMINI_API_KEY")
MODEL_ID = env.text("MODEL_ID", "models/gemini-2.5-flash")
GEMINI_API_ENDPOINT = env.url("GEMINI_API_ENDPOINT", "https://generativelanguage.googleapis.com")
GEMINI_TIMEOUT_SECONDS = env.seconds("GEMINI_TIMEOUT_SECONDS", 20, minimum=0.1, maximum=120)
RCA_FIRST_ANSWER_SECONDS = env.seconds("RCA_FIRST_ANSWER_SECONDS", 5, minimum=0, maximum=60)
RCA_REUSE_MINUTES = env.integer("RCA_REUSE_MINUTES", 30, minimum=0, maximum=1440)
RCA_CALLS_PER_MINUTE = env.integer("RCA_CALLS_PER_MINUTE", 30, minimum=1, maximum=100_000)

# --- Jira, Slack, Blob ------------------------------------------------------------------------------------
ITSM_TOOL = env.choice("ITSM_TOOL", "none", ("none", "jira"))
JIRA_DOMAIN = env.url("JIRA_DOMAIN").rstrip("/")
JIRA_USER_EMAIL = env.text("JIRA_USER_EMAIL")
JIRA_API_TOKEN = env.text("JIRA_API_TOKEN")
JIRA_PROJECT_KEY = env.text("JIRA_PROJECT_KEY")
JIRA_ISSUE_TYPE = env.text("JIRA_ISSUE_TYPE", "Task")
SLACK_BOT_TOKEN = env.text("SLACK_BOT_TOKEN")
SLACK_ALERT_CHANNEL = env.text("SLACK_ALERT_CHANNEL", "aiops-rca-alerts")
SLACK_API_URL = env.url("SLACK_API_URL", "https://slack.com/api/")
AZURE_BLOB_ENABLED = env.flag("AZURE_BLOB_ENABLED", default=False)
AZURE_STORAGE_CONN = env.text("AZURE_STORAGE_CONN")
AZURE_BLOB_CONTAINER_NAME = env.text("AZURE_BLOB_CONTAINER_NAME", "audit-logs")

DELIVERY_CONCURRENCY = env.integer(
    "DELIVERY_CONCURRENCY", 2, minimum=1, maximum=64
)  # per vendor, all workers

# --- Databricks, Azure ------------------------------------------------------------------------------------
DATABRICKS_HOST = env.host_url("DATABRICKS_HOST")
DATABRICKS_TOKEN = env.text("DATABRICKS_TOKEN")
DATABRICKS_WORKSPACE_ID = env.text("DATABRICKS_WORKSPACE_ID")
DATABRICKS_WORKSPACES_FILE = env.json_object_path("DATABRICKS_WORKSPACES_FILE")
AZURE_TENANT_ID = env.text("AZURE_TENANT_ID")
AZURE_CLIENT_ID = env.text("AZURE_CLIENT_ID")
AZURE_CLIENT_SECRET = env.text("AZURE_CLIENT_SECRET")
AZURE_MANAGEMENT_ENDPOINT = env.url("AZURE_MANAGEMENT_ENDPOINT", "https://management.azure.com").rstrip("/")
AZURE_SYNAPSE_ENDPOINT = env.url("AZURE_SYNAPSE_ENDPOINT", "https://{workspace}.dev.azuresynapse.net")
AZURE_AUTHORITY_HOST = env.url("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.com").rstrip("/")
AZURE_MANAGEMENT_TOKEN = env.text("AZURE_MANAGEMENT_TOKEN")
AZURE_SYNAPSE_TOKEN = env.text("AZURE_SYNAPSE_TOKEN")
RECONCILE_MINUTES = env.integer("RECONCILE_MINUTES", 10, minimum=0, maximum=1_440)  # 0: never
RECONCILE_HOURS = env.integer("RECONCILE_HOURS", 3, minimum=1, maximum=168)
RECONCILE_FACTORIES = env.words("RECONCILE_FACTORIES")  # ARM ids; empty: those that tickets came from

# --- Auto-remediation -------------------------------------------------------------------------------------
AUTO_REMEDIATION_ENABLED = env.flag("AUTO_REMEDIATION_ENABLED", default=False)
PLAYBOOK_SIGNING_SECRET = env.text("PLAYBOOK_SIGNING_SECRET")
PLAYBOOK_URLS = {
    name: env.url(f"PLAYBOOK_{name}")
    for name in (
        "RERUN_UPSTREAM",
        "RETRY_PIPELINE",
        "RESTART_CLUSTER",
        "RETRY_JOB",
        "REINSTALL_LIBRARIES",
        "CHECK_PERMISSIONS",
    )
}
REMEDIATION_MODE = env.choice("REMEDIATION_MODE", "propose", ("observe", "propose", "approve", "automatic"))
REMEDIATION_DRY_RUN = env.flag("REMEDIATION_DRY_RUN", default=False)
REMEDIATION_PER_RESOURCE_HOUR = env.integer("REMEDIATION_PER_RESOURCE_HOUR", 6, minimum=1)
REMEDIATION_PER_HOUR = env.integer("REMEDIATION_PER_HOUR", 30, minimum=1)
REMEDIATION_BLAST_RADIUS = env.integer("REMEDIATION_BLAST_RADIUS", 10, minimum=1)  # failing within 15 minutes
REMEDIATION_COOLDOWN_MINUTES = env.integer("REMEDIATION_COOLDOWN_MINUTES", 30, minimum=0)
REMEDIATION_APPROVAL_MINUTES = env.integer("REMEDIATION_APPROVAL_MINUTES", 240, minimum=1)
REMEDIATION_VERIFY_MINUTES = env.integer("REMEDIATION_VERIFY_MINUTES", 360, minimum=1)
REMEDIATION_FACTORIES = env.words("REMEDIATION_FACTORIES")  # ARM ids; else RECONCILE_FACTORIES; none: observe
REMEDIATION_NODE_FALLBACKS = dict(env.pairs("REMEDIATION_NODE_FALLBACKS"))  # node type = its fallback
REMEDIATION_UPSTREAMS = dict(env.pairs("REMEDIATION_UPSTREAMS"))  # pipeline = the pipeline that feeds it

# --- FinOps tags: read from a resource's name, first match wins (contract, section 11) --------------------
FINOPS_TEAM_PATTERNS = (r"^(?!(?:owner|cc)_)(?P<value>[A-Za-z][A-Za-z0-9]*)_",)
FINOPS_OWNER_PATTERNS = (r"owner[-_](?P<value>[A-Za-z0-9._%+-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,})",)
FINOPS_COST_CENTER_PATTERNS = (r"(?:^|[^A-Za-z0-9])cc[-_](?P<value>[A-Za-z]+-?[0-9]+)",)

# --- SLA in seconds from the first second to acknowledgement ----------------------------------------------
SLA_SECONDS = {
    "P1": env.integer("SLA_SECONDS_P1", 900, minimum=1),
    "P2": env.integer("SLA_SECONDS_P2", 1800, minimum=1),
    "P3": env.integer("SLA_SECONDS_P3", 7200, minimum=1),
    "P4": env.integer("SLA_SECONDS_P4", 86_400, minimum=1),
}

# The same pipeline failing again so soon after its ticket was acknowledged: a new ticket linked to it, or the
# same one reopened. 0: every run for itself.
FLAP_MINUTES = env.integer("FLAP_MINUTES", 60, maximum=10_080)
FLAP_ACTION = env.choice("FLAP_ACTION", "link", ("link", "reopen"))

# --- Digests, escalation, e-mail --------------------------------------------------------------------------
DIGESTS = env.words("DIGESTS", ("daily", "weekly"), options=("daily", "weekly", "none"))
DIGEST_HOUR = env.integer("DIGEST_HOUR", 7, maximum=23)
DIGEST_TIME_ZONE = env.time_zone("DIGEST_TIME_ZONE", "UTC")
DIGEST_EMAILS = env.words("DIGEST_EMAILS")
ESCALATION_SIGNING_SECRET = env.text("ESCALATION_SIGNING_SECRET")
ESCALATION_WEBHOOK_HOSTS = env.words("ESCALATION_WEBHOOK_HOSTS")  # beyond the public ones
EMAIL_HOST = env.text("EMAIL_HOST")  # empty: no mail is sent
EMAIL_PORT = env.integer("EMAIL_PORT", 587, minimum=1, maximum=65_535)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
EMAIL_SECURITY = env.choice("EMAIL_SECURITY", "starttls", ("starttls", "tls", "none"))
EMAIL_USE_TLS = EMAIL_SECURITY == "starttls"
EMAIL_USE_SSL = EMAIL_SECURITY == "tls"
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", f"aiops-desk@{urlsplit(PUBLIC_BASE_URL).hostname or 'localhost'}")

# --- Showback: what a failure costs -----------------------------------------------------------------------
SHOWBACK_COST_PER_FAILURE = env.amount("SHOWBACK_COST_PER_FAILURE", 0)
SHOWBACK_COST_PER_HOUR = env.amount("SHOWBACK_COST_PER_HOUR", 0)
SHOWBACK_CURRENCY = env.text("SHOWBACK_CURRENCY", "EUR")

# --- The audit trail --------------------------------------------------------------------------------------
AUDIT_SIGNING_KEY = env.text("AUDIT_SIGNING_KEY")
AUDIT_TRUSTED_KEYS = env.words("AUDIT_TRUSTED_KEYS")
try:
    if AUDIT_SIGNING_KEY:
        private_key(AUDIT_SIGNING_KEY)
except SigningKeyError as error:
    raise env.EnvironmentValueError("AUDIT_SIGNING_KEY", str(error)) from None
try:
    for _key in AUDIT_TRUSTED_KEYS:
        public_key(_key)
except SigningKeyError as error:
    raise env.EnvironmentValueError("AUDIT_TRUSTED_KEYS", f"a comma-separated list, each {error}") from None
AUDIT_SEAL_DIR = env.text("AUDIT_SEAL_DIR")
AUDIT_RETENTION_DAYS = env.integer("AUDIT_RETENTION_DAYS", 0, maximum=36_500)

# --- Retention in days; 0 keeps for ever --------------------------------------------------------------------
TICKET_RETENTION_DAYS = env.integer("TICKET_RETENTION_DAYS", 0, maximum=36_500)
EVENT_RETENTION_DAYS = env.integer("EVENT_RETENTION_DAYS", 0, maximum=36_500)
RAW_PAYLOAD_RETENTION_DAYS = env.integer("RAW_PAYLOAD_RETENTION_DAYS", 0, maximum=36_500)
EVIDENCE_RETENTION_DAYS = env.integer("EVIDENCE_RETENTION_DAYS", 0, maximum=36_500)

# --- Observing --------------------------------------------------------------------------------------------
METRICS_TOKEN = env.text("METRICS_TOKEN")
WORKER_METRICS_HOST = env.text("WORKER_METRICS_HOST", "127.0.0.1")
WORKER_METRICS_PORT = env.integer(
    "WORKER_METRICS_PORT", 0, maximum=65_535
)  # 0: off; each worker needs its own
OTEL_ENDPOINT = env.url("OTEL_EXPORTER_OTLP_ENDPOINT")
LOG_LEVEL = env.choice("LOG_LEVEL", "info", ("debug", "info", "warning", "error")).upper()
LOG_FORMAT = env.choice("LOG_FORMAT", "text", ("text", "json"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {"()": "audit.logs.TextFormatter"},
        "json": {"()": "audit.logs.JsonFormatter"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        # Daphne's access log prints whole query strings, and ours may carry ?api_key=
        "django.channels.server": {"level": "WARNING"},
        "daphne": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},
        "azure": {"level": "WARNING"},
        "urllib3": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "httpx2": {"level": "WARNING"},
        "celery": {"level": "WARNING"},
        "kombu": {"level": "ERROR"},
    },
}

# --- The console ------------------------------------------------------------------------------------------
UNFOLD = theme.UNFOLD
SILENCED_SYSTEM_CHECKS = ["security.W008"]  # see SECURE_SSL_REDIRECT
