"""Checks of the set-up that must hold before any process starts."""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from issuance import signers
from issuance.conf import pki
from issuance.models import IssuingCA

FILE_BACKEND = "issuance.signers.file.KeyFiles"
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
        for name in settings.KEY_SETTINGS
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


@register(Tags.security, deploy=True)
def keys_in_hardware(**_: Any) -> list[CheckMessage]:
    """Production keys stand in key files only where a setting says so by name."""
    chosen: dict[str, Any] = settings.ISSUANCE_SIGNER
    knowingly = chosen.get("OPTIONS", {}).get("production_keys_in_files", False)
    if not settings.PRODUCTION or chosen["BACKEND"] != FILE_BACKEND or knowingly:
        return []
    hint = "Use a hardware module, or set the option production_keys_in_files of ISSUANCE_SIGNER."
    return [Error("Production keys would be read from files.", hint=hint, id="issuance.E003")]


@register(Tags.database, deploy=True)
def keys_fit_their_cas(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Every registered CA's key is there, is its own, and stands in its own environment.

    Looks only where keys may be seen, and only when the database is asked for
    (``check --deploy --database default``).
    """
    if not databases or settings.PORTAL_PROCESS in KEYLESS or not settings.CA_KEYS_DIR:
        return []
    return [
        Error(f"{ca.stem}: {fault}", id="issuance.E004")
        for ca in IssuingCA.objects.exclude(state=IssuingCA.State.REVOKED)
        for fault in _faults(ca)
    ]


def _faults(ca: IssuingCA) -> Iterator[str]:
    try:
        signers.load(ca.stem, ca.certificate)
    except signers.SignerUnavailable as error:
        yield f"its key cannot be used ({error})"
    marked = "TEST" in ca.certificate.subject.rfc4514_string()
    if marked != (ca.environment == "test"):
        yield f"its name does not fit the environment {ca.environment}"
