"""Checks of the set-up that must hold before any process starts."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from issuance.conf import pki

KEYLESS = {"web", "default", "beat"}


@register(Tags.security)
def keys_seen_by_ca_only(**_: Any) -> list[CheckMessage]:
    """Web, beat and the worker that parses hostile uploads start without the key settings."""
    if settings.PORTAL_PROCESS not in KEYLESS:
        return []
    return [
        Error(
            f"{name} is set for the process {settings.PORTAL_PROCESS}.",
            hint="Only the ca worker and key ceremonies may know where the keys are.",
            id="issuance.E001",
        )
        for name in ("CA_KEYS_DIR", "CA_KEY_PASSWORD_FILE")
        if getattr(settings, name, "")
    ]


@register(Tags.security, deploy=True)
def addresses_can_be_reached(**_: Any) -> list[CheckMessage]:
    """Certificates name a host that the whole world can look up: RFC 5280 section 4.2.1.6."""
    address = urlsplit(pki().public_url)
    if address.scheme == "http" and "." in (address.hostname or ""):
        return []
    hint = "Set PKI['PUBLIC_URL'] to a plain http address with a full host name."
    return [
        Error(f"Certificates would point to {address.geturl()}.", hint=hint, id="issuance.E002")
    ]
