"""System checks before the service starts: identification, identity keys, source of mandates."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.urls import NoReverseMatch, reverse

from accounts.identification import hashing
from accounts.identification.oidc.keys import KeysUnusable, OurKeys
from accounts.identification.testidp.tokens import LEVEL

KNOWN_TO_ALL = bytes(32)
# Assurance levels of test providers only: the embedded one's, and that of the test method of
# Suomi.fi-tunnistus.
TEST_LEVELS = (LEVEL, "urn:oid:1.2.246.517.3002.110.999")


@register(Tags.security)
def identification(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Refuse to start production with a test provider or an incomplete provider configuration."""
    if settings.PORTAL_ENV != "production" or not settings.LOGS_PEOPLE_IN:
        return []
    options = settings.IDENTIFICATION["OPTIONS"]
    if settings.IDENTIFICATION["BACKEND"].endswith(".Saml"):
        from accounts.identification.saml import (
            settings_checks,  # loads libraries used by SAML alone
        )

        found = settings_checks.faults(options)
    else:
        found = _openid_faults(options)
    if set(TEST_LEVELS) & set(options.get("levels", ())) or _test_provider_is_served():
        found.append(
            Error("The test identity provider must not exist in production.", id="accounts.E002")
        )
    return found


def _openid_faults(options: dict[str, Any]) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if urlsplit(options.get("issuer", "")).scheme != "https":
        found.append(Error("OIDC_ISSUER must be an https address.", id="accounts.E001"))
    if path := options.get("keys_file"):
        found.extend(_key_faults(path))
    elif not options.get("client_secret"):
        words = "OIDC_KEYS_FILE (private_key_jwt) or OIDC_CLIENT_SECRET is missing."
        found.append(Error(words, id="accounts.E003"))
    return found


def _key_faults(path: str) -> list[CheckMessage]:
    try:
        OurKeys(path).public()
    except KeysUnusable as error:
        return [Error(f"OIDC_KEYS_FILE: {error}", id="accounts.E016")]
    return []


@register(Tags.security)
def identity_keys(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Refuse unreadable identity keys where people log in, and the known key in production."""
    if not settings.LOGS_PEOPLE_IN:
        return []
    try:
        keys = hashing.keys()
    except ImproperlyConfigured as error:
        return [Error(str(error), id="accounts.E004")]
    if settings.PORTAL_ENV == "production" and any(key == KNOWN_TO_ALL for _v, key in keys):
        return [Error("IDENTITY_KEYS is the key of development.", id="accounts.E005")]
    return []


@register(Tags.security)
def source_of_mandates(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Refuse incomplete settings of Suomi.fi-valtuudet, and an address without https."""
    options = settings.SUOMIFI_MANDATES
    needed = ("url", "client_id", "api_key", "oauth_secret")
    missing = [f"MANDATES_{name.upper()}" for name in needed if not options[name]]
    if not settings.LOGS_PEOPLE_IN or len(missing) == len(needed):
        return []
    if missing:
        words = f"Suomi.fi-valtuudet is set up by half: {', '.join(missing)} is missing."
        return [Error(words, id="accounts.E017")]
    parts = urlsplit(options["url"])
    schemes = {"https"} if settings.PORTAL_ENV == "production" else {"https", "http"}
    if parts.scheme not in schemes or parts.path or parts.query or not parts.hostname:
        words = "MANDATES_URL must be an https address without a path."
        return [Error(words, id="accounts.E018")]
    return []


def _test_provider_is_served() -> bool:
    try:
        reverse("testidp:root")
    except NoReverseMatch:
        return False
    return True
