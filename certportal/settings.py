"""Django settings, all from the environment. `./portal` sets the variables; README lists them."""

import platform
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _

from certportal import env, wiring
from certportal.operations import logs

BASE_DIR = Path(__file__).resolve().parent.parent
env.leave_dead_name_servers()

PORTAL_ENV = env.choice("PORTAL_ENV", "development", env.ENVIRONMENTS)
PRODUCTION = PORTAL_ENV == "production"
# The kind of this process. Only `ca` and key ceremonies may access signing keys.
PORTAL_PROCESS = env.choice("PORTAL_PROCESS", "manage", env.PROCESSES)
PORTAL_DATA = Path(env.text("PORTAL_DATA", str(BASE_DIR / "var"))).resolve()
PUBLIC_ADDRESS = env.public_address(PORTAL_ENV)
PORTAL_BASE_URL = PUBLIC_ADDRESS.geturl()
PORTAL_HOST = PUBLIC_ADDRESS.netloc.rsplit("@", 1)[-1].rsplit(":", 1)[0]

# Each process reads only the secrets it needs, even if others are set: `front`, `ca` and `beat`
# need none of these. Django raises an error if an empty SECRET_KEY is used.
WORKS_FOR_PEOPLE = PORTAL_PROCESS in {"web", "default", "mail", "manage"}
LOGS_PEOPLE_IN = PORTAL_PROCESS in {"web", "manage"}

SECRET_KEY = ""
if WORKS_FOR_PEOPLE:
    SECRET_KEY = env.secret("SECRET_KEY", "" if PRODUCTION else "only-for-development-and-tests")
# Earlier keys: data signed or encrypted with them can still be read.
SECRET_KEY_FALLBACKS = env.secret("SECRET_KEY_FALLBACKS", "").split() if WORKS_FOR_PEOPLE else []
DEBUG = False
ALLOWED_HOSTS = [h for h in env.text("ALLOWED_HOSTS", PORTAL_HOST).split(",") if h]
# PKI_PUBLIC_URL is the plain-http address of CRLs and CA certificates, if not that of the portal.
PKI_PUBLIC_URL = env.text("PKI_PUBLIC_URL")
if PKI_PUBLIC_URL:
    ALLOWED_HOSTS += [urlsplit(PKI_PUBLIC_URL).hostname or ""]
if not PRODUCTION:
    ALLOWED_HOSTS += ["localhost", "127.0.0.1", "testserver"]
CSRF_TRUSTED_ORIGINS = [PORTAL_BASE_URL]

INSTALLED_APPS = [
    "certportal.foundation",
    "accounts",
    "accounts.register",
    "issuance",
    "applications",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_structlog",
    "django_filters",
]

MIDDLEWARE = [
    "certportal.foundation.web.queries.AddressesWithoutKeys",
    "certportal.foundation.web.addresses.ForwardedScheme",
    "certportal.operations.health.ProbesWithoutCookies",
    "certportal.foundation.web.browsers.PolicyHeaders",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "certportal.foundation.web.compression.CompressedPages",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "certportal.foundation.web.browsers.OwnPagesOnly",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.PersonMiddleware",
    "certportal.web.request_log.RequestLog",
    "certportal.web.errors.ErrorMiddleware",
]

# The port from which Prometheus reads metrics of web and `metrics`; 0: no metrics.
METRICS_PORT = env.whole("METRICS_PORT", 0) if PORTAL_PROCESS in {"web", "metrics"} else 0
# An address of this machine, or a network: then this machine's address in it.
METRICS_ADDRESS = env.text("METRICS_ADDRESS", "127.0.0.1")
if METRICS_PORT and PORTAL_PROCESS == "web":
    MIDDLEWARE.insert(0, "certportal.operations.metrics.answers.Counted")

ROOT_URLCONF = "certportal.urls"
WSGI_APPLICATION = "certportal.wsgi.application"
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
                "certportal.web.context.portal",
            ],
            "builtins": ["certportal.web.facts", "certportal.web.form_token"],
        },
    },
]
FORM_RENDERER = "certportal.web.form_renderer.FormRenderer"

DATABASE_URL = env.secret("DATABASE_URL", "postgres:///portal")
DATABASES = {"default": env.database(DATABASE_URL, PORTAL_PROCESS)}
DATABASES["default"] |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
REDIS_URL = env.redis(env.secret("REDIS_URL", "redis://localhost:6379/0"))

# ------------------------------------------------------------------ people
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "home"
REVIEWER_REDIRECT_URL = "console:queue"
SUPERUSER_REDIRECT_URL = "staff:staff"
# Reviewers and superusers prove a second factor: passkey or authenticator app.
MFA_ADAPTER = "accounts.factors.adapter.Adapter"
MFA_SUPPORTED_TYPES = ["webauthn", "totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Sote-varmenteet"
# Keys of the HMAC under which personal identifiers are stored: `version:hex`, newest first.
IDENTITY_KEYS = ""
if LOGS_PEOPLE_IN:
    IDENTITY_KEYS = env.secret("IDENTITY_KEYS", "" if PRODUCTION else "1:" + "00" * 32)

# The identity provider (OpenID Connect). Outside production: the embedded test provider.
OIDC_ISSUER = env.text("OIDC_ISSUER", "" if PRODUCTION else f"{PORTAL_BASE_URL}/testidp")
OIDC_CLIENT_ID = env.text("OIDC_CLIENT_ID", "portal")
OIDC_CLIENT_SECRET = ""
if LOGS_PEOPLE_IN:
    known = "" if PRODUCTION else "only-for-development"
    OIDC_CLIENT_SECRET = env.secret("OIDC_CLIENT_SECRET", known)
# Levels of assurance of the Finnish Trust Network and of eIDAS; test tokens have their own.
LEVELS_IN_PRODUCTION = (
    "http://ftn.ficora.fi/2017/loa2 http://ftn.ficora.fi/2017/loa3"
    " http://eidas.europa.eu/LoA/substantial http://eidas.europa.eu/LoA/high"
)
LEVELS_IN_TESTS = "http://ftn.ficora.fi/2017/loatest2"
LEVELS = env.text("OIDC_LEVELS", LEVELS_IN_PRODUCTION if PRODUCTION else LEVELS_IN_TESTS)
IDENTIFICATION: dict[str, Any] = {
    "BACKEND": "accounts.identification.oidc.client.OpenIdConnect",
    "OPTIONS": {
        "issuer": OIDC_ISSUER,
        "client_id": OIDC_CLIENT_ID,
        "client_secret": OIDC_CLIENT_SECRET,
        "levels": tuple(LEVELS.split()),
        "scope": env.text("OIDC_SCOPE", "openid"),
        # Our private keys towards the provider, made by the command `oidc_keys`.
        "keys_file": env.text("OIDC_KEYS_FILE") if LOGS_PEOPLE_IN else "",
        "service_name": env.text("OIDC_SERVICE_NAME"),
        "tells_auth_time": env.flag("OIDC_TELLS_AUTH_TIME", default=True),
    },
}
# If the metadata file of an identity provider, such as Suomi.fi-tunnistus, is given, SAML is used.
SAML_LEVELS = LEVELS if PRODUCTION else f"{LEVELS} urn:oid:1.2.246.517.3002.110.999"
SAML_IDP_METADATA_FILE = env.text("SAML_IDP_METADATA_FILE")
if SAML_IDP_METADATA_FILE:
    IDENTIFICATION = {
        "BACKEND": "accounts.identification.saml.provider.Saml",
        "OPTIONS": {
            "base_url": PORTAL_BASE_URL,
            "entity_id": env.text("SAML_ENTITY_ID", f"{PORTAL_BASE_URL}/identification/saml"),
            "keys": env.key_pairs("SAML_CERTIFICATE_FILE", "SAML_NEXT_CERTIFICATE_FILE"),
            "metadata": SAML_IDP_METADATA_FILE,
            "idp_entity_id": env.text("SAML_IDP_ENTITY_ID"),
            "levels": tuple(env.text("SAML_LEVELS", SAML_LEVELS).split()),
            "skew_seconds": env.whole("SAML_CLOCK_SKEW_SECONDS", 60),
            "contact": env.text("SAML_CONTACT", f"varmenteet@{PORTAL_HOST}"),
        },
    }

# The source that confirms rights to act: Suomi.fi-valtuudet if its URL is set; otherwise none, and
# reviewers confirm them.
SUOMIFI_MANDATES: dict[str, Any] = {
    "url": env.text("MANDATES_URL").rstrip("/"),
    "client_id": env.text("MANDATES_CLIENT_ID"),
    "api_key": env.secret("MANDATES_API_KEY") if LOGS_PEOPLE_IN else "",
    "oauth_secret": env.secret("MANDATES_OAUTH_SECRET") if LOGS_PEOPLE_IN else "",
    # Roles, or URIs of mandates, of which one is sufficient.
    "roles": tuple(env.text("MANDATES_ROLES", "TJ NIMKO ELI").split()),
}
MANDATES: dict[str, Any] = {"BACKEND": "accounts.mandates.none.NoMandates", "OPTIONS": {}}
if SUOMIFI_MANDATES["url"]:
    backend = "accounts.mandates.suomifi.client.SuomiFi"
    MANDATES = {"BACKEND": backend, "OPTIONS": SUOMIFI_MANDATES}

# The operator's proxies: addresses, networks, or `unix` for one that connects through the Unix
# socket. X-Forwarded-* headers of all other peers are ignored.
TRUSTED_PROXIES = [p for p in env.text("TRUSTED_PROXIES").replace(",", " ").split() if p]

SESSION_ENGINE = "certportal.foundation.web.session_store"
# A session ends after this many seconds without a request.
SESSION_COOKIE_AGE = 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "certportal.web.errors.wrong_token"
# Session and CSRF token are the only cookies.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
if PUBLIC_ADDRESS.scheme == "https":
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = True
    # ForwardedScheme removes the header from peers that are not in TRUSTED_PROXIES.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_REDIRECT_EXEMPT = [r"^livez\Z", r"^healthz\Z", r"^ca/\Z"]
    SECURE_HSTS_SECONDS = 2 * 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
SECURE_CSP = {key: [CSP.NONE] for key in ["default-src", "frame-ancestors", "base-uri"]}
SECURE_CSP |= {key: [CSP.SELF] for key in ["script-src", "style-src", "img-src", "font-src"]}
SECURE_CSP |= {key: [CSP.SELF] for key in ["connect-src", "frame-src", "form-action"]}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"

# ------------------------------------------------------------------ language and time
LANGUAGE_CODE = "fi"
LANGUAGES = [("fi", "Suomi"), ("sv", "Svenska"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["certportal.formats"]
TIME_ZONE = "Europe/Helsinki"

# ------------------------------------------------------------------ files
STATIC_URL = "/static/"
# `collectstatic` writes here, when the container image is built.
STATIC_ROOT: Path | None = Path(env.text("STATIC_ROOT", str(PORTAL_DATA / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "certportal.foundation.web.fonts.FontFinder",
]
STORAGES = {
    "default": {
        "BACKEND": "certportal.foundation.files.own_disk.OwnDisk",
        "OPTIONS": {"location": str(PORTAL_DATA / "attachments"), "base_url": None},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# The shared store, and this process's key to it; without a store, files are in PORTAL_DATA.
STORE_URL = env.text("STORE_URL")
USES_STORE = PORTAL_PROCESS in {"web", "default", "mail", "store", "manage"}
if USES_STORE and (
    store := env.store(
        STORE_URL,
        env.secret("STORE_KEY"),
        whole_seconds=5 if PORTAL_PROCESS == "web" else 30,  # workers may wait, people may not
    )
):
    backend = "certportal.foundation.files.shared_store.SharedStore"
    STORAGES["default"] = {"BACKEND": backend, "OPTIONS": store | {"location": "attachments"}}
    STORAGES["published"] = {"BACKEND": backend, "OPTIONS": store | {"location": "published"}}
if not PRODUCTION:
    # No build step for developers: files are served from the checkout.
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    WHITENOISE_USE_FINDERS = True
    STATIC_ROOT = None
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = 100  # of the requests for several orders

# ------------------------------------------------------------------ mail
MAIL_DIRECTORY = PORTAL_DATA / "mail"
# Only the worker of the mail queue sends mail; `check --deploy` checks the address.
SMTP_URL = env.secret("SMTP_URL") if PORTAL_PROCESS in {"mail", "manage"} else ""
if PRODUCTION and PORTAL_PROCESS == "mail" and not SMTP_URL:
    raise ImproperlyConfigured(
        "In production mail goes to a mail server: set SMTP_URL, or put its address into the file"
        " that SMTP_URL_FILE names."
    )
MAILERS = {"default": env.mailer(SMTP_URL, MAIL_DIRECTORY)}
MAIL_IS_LOCAL = not any((SMTP_URL, env.text("SMTP_URL"), env.text("SMTP_URL_FILE")))
SERVICE_NAME = _("Certificate ordering service for social welfare and health care")
AUTHORITY_NAME = _("Digital and Population Data Services Agency")
DEFAULT_FROM_EMAIL = env.text("MAIL_FROM", "Sote-varmenteet <varmenteet@portal.example>")
# The envelope sender, to which mail servers send reports of failed delivery.
MAIL_RETURN_PATH = env.text("MAIL_RETURN_PATH", DEFAULT_FROM_EMAIL)
MAIL_DOMAIN = env.text("MAIL_DOMAIN", "portal.example")

# ------------------------------------------------------------------ virus scanner
# Address of clamd, tcp://host:port or unix:/path; empty: attachments are not scanned.
SCANNER = env.scanner("CLAMD_ADDRESS")
# Host and port of the proxy that visitors reach over TLS, or None.
TLS_ADDRESS = env.place("TLS_ADDRESS")
# Resolvers for the DNS records by which organisations prove control of a domain.
DOMAIN_CONTROL = env.domain_control()

# ------------------------------------------------------------------ registers
# Base of the code server's API, ending in /csapi/v6; empty: registers come from files alone.
REGISTER_URL = env.text("REGISTER_URL")
REGISTER = {
    "BACKEND": "accounts.register.source.codeserver.CodeServer" if REGISTER_URL else "",
    "OPTIONS": {"url": REGISTER_URL} if REGISTER_URL else {},
    "MAX_AGE": timedelta(hours=env.number("REGISTER_MAX_AGE_HOURS", 72)),
    "MAX_ENDED_SHARE": env.number("REGISTER_MAX_ENDED_PERCENT", 1) / 100,
}

# ------------------------------------------------------------------ work handed over
CELERY_BROKER_URL = env.broker(REDIS_URL)
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_EXPIRES = None  # there are none, so beat need not have old ones deleted
# Workers must not be controllable over the broker (shutdown, consuming other queues, revoking).
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_DEFAULT_QUEUE = "default"
# With a prefetch of 1 the Redis transport sleeps up to a second after each task.
CELERY_WORKER_PREFETCH_MULTIPLIER = 8
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Redis redelivers an unacknowledged message after visibility_timeout (s); the sweeper is faster. A
# request waits for an answer of Redis for a second at most, then leaves the work to the sweeper;
# workers must wait longer, since they block until a message comes.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 120,
    "socket_connect_timeout": 1,
    "socket_timeout": 20 if PORTAL_PROCESS in {"default", "mail", "ca"} else 1,
    "max_retries": 1,
    "interval_start": 0,
    "interval_max": 0.2,
}
# If the broker is down, requests must not wait: one quick attempt, the sweeper sends later.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TIMEZONE = "Europe/Helsinki"
CELERY_BEAT_SCHEDULER = "certportal.operations.beat.Scheduler"
OUTBOX_ROUTES = wiring.ROUTES
# How long a worker may hold an item before another may take it; how often the sweeper runs.
OUTBOX_LEASE_SECONDS = env.whole("OUTBOX_LEASE_SECONDS", 60, least=1)
OUTBOX_SWEEP_SECONDS = env.number("OUTBOX_SWEEP_SECONDS", 5)
CELERY_BEAT_SCHEDULE = wiring.BEAT_SCHEDULE | {
    "sweep": {
        "task": "foundation.sweep",
        "schedule": OUTBOX_SWEEP_SECONDS,
        # So that sweeps do not accumulate while the worker is down or busy.
        "options": {"expires": OUTBOX_LEASE_SECONDS},
    }
}

# ------------------------------------------------------------------ certificate authority
# Set only for the `ca` worker and for key ceremonies; refused below for other processes.
CA_KEYS_DIR = env.text("CA_KEYS_DIR")
CA_KEY_PASSWORD_FILE = env.text("CA_KEY_PASSWORD_FILE")
# An HSM: the vendor's PKCS#11 library, the token's label, the file with its PIN.
CA_PKCS11_MODULE = env.text("CA_PKCS11_MODULE")
CA_PKCS11_TOKEN = env.text("CA_PKCS11_TOKEN")
CA_PKCS11_PIN_FILE = env.text("CA_PKCS11_PIN_FILE")
KEY_SETTINGS = ["CA_KEYS_DIR", "CA_KEY_PASSWORD_FILE"]
KEY_SETTINGS += ["CA_PKCS11_MODULE", "CA_PKCS11_TOKEN", "CA_PKCS11_PIN_FILE"]
KEYLESS = {"web", "front", "default", "mail", "beat", "metrics", "store"}
if PORTAL_PROCESS in KEYLESS and any(globals()[name] for name in KEY_SETTINGS):
    raise ImproperlyConfigured(f"The process {PORTAL_PROCESS} must not be told of signing keys.")
# Where the keys are: a backend of issuance.signers and its options. Chains are in CA_KEYS_DIR.
ISSUANCE_SIGNER: dict[str, Any] = {
    "BACKEND": "issuance.signers.file.KeyFiles",
    "OPTIONS": {"production_keys_in_files": env.flag("CA_PRODUCTION_KEYS_IN_FILES")},
}
if CA_PKCS11_MODULE:
    token = {"module": CA_PKCS11_MODULE, "token": CA_PKCS11_TOKEN, "pin_file": CA_PKCS11_PIN_FILE}
    ISSUANCE_SIGNER = {"BACKEND": "issuance.signers.pkcs11.TokenKeys", "OPTIONS": token}
# Names, OIDs and addresses of the authority: upper-case field names of issuance.conf.Pki, from
# PKI_FILE (TOML).
PKI = {key.upper(): value for key, value in env.table("PKI_FILE").items()}
PKI |= {"PUBLIC_URL": PKI_PUBLIC_URL} if PKI_PUBLIC_URL else {}
# How many people must approve a certificate before the CA signs it, by the environment of its
# hierarchy. In production two, unless the operator configures another number.
ISSUANCE_APPROVALS = {
    "production": env.whole("APPROVALS_PRODUCTION", 2 if PRODUCTION else 1, least=1),
    "test": env.whole("APPROVALS_TEST", 1, least=1),
}
# For which hierarchies approvals must be signed by passkeys: docs/decisions/approvers.md.
APPROVERS_PROVE = env.choice("APPROVERS_PROVE", "production" if PRODUCTION else "off", env.PROOFS)
# The second place of the journal (a mounted directory of another machine); this machine's name.
JOURNAL_COPY = env.text("JOURNAL_COPY")
SIGNER_HOST = env.text("SIGNER_HOST", platform.node())
# The log of events: directory and auditors for its daily head, witnesses; the time stamp service.
EVENT_LOG_ANCHORS, EVENT_LOG_POLICY = env.text("EVENT_LOG_ANCHORS"), env.text("EVENT_LOG_POLICY")
EVENT_LOG_AUDITORS = env.text("EVENT_LOG_AUDITORS").replace(",", " ").split()
TIME_STAMPS = {"url": env.text("TIME_STAMP_URL"), "roots": env.text("TIME_STAMP_ROOTS_FILE")}
# File of age public keys that `backup` encrypts to.
BACKUP_RECIPIENTS = env.text("BACKUP_RECIPIENTS")
# A directory of marker files that stop a process at a named point; tests only.
FAULT_POINTS_DIR = env.text("FAULT_POINTS_DIR") if PORTAL_ENV == "test" else ""

LOGGING = logs.configuration(readable=PORTAL_ENV == "development")
DJANGO_STRUCTLOG_CELERY_ENABLED = True
SILENCED_SYSTEM_CHECKS = [] if WORKS_FOR_PEOPLE else ["security.W009"]  # it has no SECRET_KEY
