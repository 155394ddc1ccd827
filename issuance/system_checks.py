"""Checks of the set-up that must hold before any process starts."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from certportal.foundation import clock
from issuance import signers
from issuance.conf import pki
from issuance.models import IssuingCA
from issuance.places import Place
from issuance.profiles import PROFILES, beyond_ceiling
from issuance.services.publish import is_needed

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


@register(Tags.security)
def no_fault_points(**_: Any) -> list[CheckMessage]:
    """Places where a process dies on demand are for tests alone."""
    if not settings.FAULT_POINTS_DIR or settings.PORTAL_ENV == "test":
        return []
    hint = "Take FAULT_POINTS_DIR out of the settings."
    return [Error("Fault points are set.", hint=hint, id="issuance.E020")]


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
    if not settings.PRODUCTION or settings.PORTAL_PROCESS in KEYLESS:
        return []
    if chosen["BACKEND"] != FILE_BACKEND or knowingly:
        return []
    hint = "Use a hardware module (CA_PKCS11_MODULE), or set CA_PRODUCTION_KEYS_IN_FILES."
    return [Error("Production keys would be read from files.", hint=hint, id="issuance.E003")]


@register(Tags.security, deploy=True)
def root_keys_elsewhere(**_: Any) -> list[CheckMessage]:
    """The root keys have left the service: in production none lies beside its own keys."""
    if not settings.PRODUCTION or not settings.CA_KEYS_DIR:
        return []
    hint = "Keep root keys where no service runs; see docs/ceremony.md."
    return [
        Error(f"A root key lies in the service: {path.name}.", hint=hint, id="issuance.E005")
        for path in sorted(Path(settings.CA_KEYS_DIR).glob("root-*.key"))
    ]


@register(Tags.security, deploy=True)
def profiles_within_ceilings(**_: Any) -> list[CheckMessage]:
    """No profile asks for more than the certificate policy allows, however it came about."""
    return [
        Error(f"The profile {profile.id}: {fault}.", id="issuance.E006")
        for name, profile in PROFILES.items()
        for fault in (*beyond_ceiling(profile), *_misnamed(name, profile.id))
    ]


def _misnamed(name: str, own: str) -> Iterator[str]:
    if name != own:
        yield f"is found under the name {name}"


@register(Tags.database, deploy=True)
def cas_in_their_environments(
    databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """A test profile never leads to a production CA nor the reverse, and no two CAs share a key."""
    if not databases:
        return []
    cas = list(IssuingCA.objects.exclude(state=IssuingCA.State.REVOKED))
    keys = Counter(_spki(ca) for ca in cas)
    return [
        Error(f"{ca.stem}: {fault}", id="issuance.E007")
        for ca in cas
        for fault in (*_misplaced(ca), *(["its key is another CA's too"] * (keys[_spki(ca)] > 1)))
    ]


def _misplaced(ca: IssuingCA) -> Iterator[str]:
    """Name and policy of a CA's certificate must be those of its environment and branch."""
    conf, extensions = pki(), ca.certificate.extensions
    if ca.certificate.subject != Place.of(ca).names(conf).name():
        yield f"its name does not fit {ca.environment} {ca.branch}"
    wanted = conf.policy(Place.of(ca).environment, Place.of(ca).branch).oid
    policies = extensions.get_extension_for_class(x509.CertificatePolicies).value
    if [each.policy_identifier.dotted_string for each in policies] != [wanted]:
        yield f"its policy does not fit {ca.environment} {ca.branch}"


def _spki(ca: IssuingCA) -> bytes:
    public = ca.certificate.public_key()
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@register(Tags.database, deploy=True)
def keys_fit_their_cas(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """The key of every CA that signs still is there, is its own, its chain the registered one.

    Looks only where keys may be seen, and only when the database is asked (``check --deploy``).
    A CA that nobody needs any more, retired or at its end, may have lost its token.
    """
    visible = any(getattr(settings, name, "") for name in settings.KEY_SETTINGS)
    if not databases or settings.PORTAL_PROCESS in KEYLESS or not visible:
        return []
    return [
        Error(f"{ca.stem}: {fault}", id="issuance.E004")
        for ca in IssuingCA.objects.exclude(state=IssuingCA.State.REVOKED)
        if is_needed(ca, clock.now())
        for fault in _faults(ca)
    ]


def _faults(ca: IssuingCA) -> Iterator[str]:
    try:
        signers.load(ca.stem, ca.certificate)
    except signers.SignerUnavailable as error:
        yield f"its key cannot be used ({error})"
