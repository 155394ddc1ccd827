"""System checks (Django) of the configuration, the CA keys and the registered CAs."""

import os
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
from issuance.authority.places import Place
from issuance.certificate.profiles import PROFILES, beyond_ceiling
from issuance.conf import demonstration_values, pki, proof_wanted
from issuance.models import IssuingCA
from issuance.services.event_log import key as log_key
from issuance.services.status.publish_crl import is_needed

FILE_BACKEND = "issuance.signers.file.KeyFiles"


@register(Tags.security)
def keys_seen_by_ca_only(**_: Any) -> list[CheckMessage]:
    """Web, beat and the default worker, which parses untrusted uploads, have no key settings."""
    if settings.PORTAL_PROCESS not in settings.KEYLESS:
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
    """Fault points, which kill a process on demand, are set in tests only."""
    if not settings.FAULT_POINTS_DIR or settings.PORTAL_ENV == "test":
        return []
    hint = "Take FAULT_POINTS_DIR out of the settings."
    return [Error("Fault points are set.", hint=hint, id="issuance.E020")]


@register(Tags.security, deploy=True)
def addresses_can_be_reached(**_: Any) -> list[CheckMessage]:
    """The address in certificates is plain http with a full host name: RFC 5280 4.2.1.6."""
    address = urlsplit(pki().public_url)
    if address.scheme == "http" and "." in (address.hostname or ""):
        return []
    hint = "Set PKI['PUBLIC_URL'] to a plain http address with a full host name."
    return [
        Error(f"Certificates would point to {address.geturl()}.", hint=hint, id="issuance.E002")
    ]


@register(Tags.security, deploy=True)
def names_of_an_authority(**_: Any) -> list[CheckMessage]:
    """In production, names and policies of the CAs are the operator's, not the demonstration's.

    Certificates carry them for fifteen years.
    """
    if not settings.PRODUCTION:
        return []
    hint = (
        "Set PKI_FILE to a TOML file with prefix, organisation and policy_oids of your own, before"
        " the first key ceremony; see docs/ceremony.md."
    )
    return [
        Error(f"{name} is the demonstration's: {value}.", hint=hint, id="issuance.E021")
        for name, value in demonstration_values(pki())
    ]


@register(Tags.security, deploy=True)
def keys_in_hardware(**_: Any) -> list[CheckMessage]:
    """Production keys are in files only if ``production_keys_in_files`` allows it explicitly."""
    chosen: dict[str, Any] = settings.ISSUANCE_SIGNER
    knowingly = chosen.get("OPTIONS", {}).get("production_keys_in_files", False)
    if not settings.PRODUCTION or settings.PORTAL_PROCESS in settings.KEYLESS:
        return []
    if chosen["BACKEND"] != FILE_BACKEND or knowingly:
        return []
    hint = "Use a hardware module (CA_PKCS11_MODULE), or set CA_PRODUCTION_KEYS_IN_FILES."
    return [Error("Production keys would be read from files.", hint=hint, id="issuance.E003")]


@register(Tags.security, deploy=True)
def events_are_logged(**_: Any) -> list[CheckMessage]:
    """In production, the log of events has its key: without the log no change can be proved."""
    if not settings.PRODUCTION or not settings.CA_KEYS_DIR or log_key.is_there():
        return []
    hint = "Run create_event_log_key where the keys of the CAs are; see docs/ceremony.md."
    return [Error("The log of events has no key.", hint=hint, id="issuance.E022")]


@register(Tags.security, deploy=True)
def two_persons_approve(**_: Any) -> list[CheckMessage]:
    """In production, a production certificate needs the approval of at least two persons."""
    if not settings.PRODUCTION or settings.ISSUANCE_APPROVALS["production"] > 1:
        return []
    hint = "Set APPROVALS_PRODUCTION to 2 or more; see docs/decisions/who-decides.md."
    return [Error("One person approves production certificates.", hint=hint, id="issuance.E009")]


@register(Tags.security, deploy=True)
def approvers_prove(**_: Any) -> list[CheckMessage]:
    """In production, the CA signs production certificates only with proofs by passkeys."""
    if not settings.PRODUCTION or proof_wanted("production"):
        return []
    hint = "Set APPROVERS_PROVE to production or all; see docs/decisions/approvers.md."
    return [
        Error(
            "Whoever can write to the database can have a production certificate signed.",
            hint=hint,
            id="issuance.E024",
        )
    ]


@register(Tags.security, deploy=True)
def root_keys_elsewhere(**_: Any) -> list[CheckMessage]:
    """In production, CA_KEYS_DIR holds no root key: root keys are kept outside the service."""
    if not settings.PRODUCTION or not settings.CA_KEYS_DIR:
        return []
    hint = "Keep root keys where no service runs; see docs/ceremony.md."
    return [
        Error(f"A root key lies in the service: {path.name}.", hint=hint, id="issuance.E005")
        for path in sorted(Path(settings.CA_KEYS_DIR).glob("root-*.key"))
    ]


@register(Tags.security, deploy=True)
def journal_copied_elsewhere(**_: Any) -> list[CheckMessage]:
    """The second place of the journal does not lie on the disk of the journal."""
    place, own = Path(settings.JOURNAL_COPY), Path(settings.PORTAL_DATA) / "journal"
    if not settings.JOURNAL_COPY or not place.is_dir() or not own.is_dir():
        return []
    if place.stat().st_dev != own.stat().st_dev:
        return []
    hint = "Mount a directory of another machine there, and name it in JOURNAL_COPY."
    return [Error("The journal is copied to its own disk.", hint=hint, id="issuance.E023")]


@register(Tags.security, deploy=True)
def heads_have_a_place(**_: Any) -> list[CheckMessage]:
    """The directory for the heads of the log of events exists, and this process may write there."""
    place = settings.EVENT_LOG_ANCHORS
    if not place or (Path(place).is_dir() and os.access(place, os.W_OK)):
        return []
    hint = (
        "Mount a directory of another machine there that this user may write to, or correct"
        " EVENT_LOG_ANCHORS; see docs/operations.md, “The log of events”."
    )
    return [Error(f"No head of the log can be written to {place}.", hint=hint, id="issuance.E025")]


@register(Tags.security, deploy=True)
def profiles_within_ceilings(**_: Any) -> list[CheckMessage]:
    """No certificate profile exceeds what the certificate policy allows."""
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
    """Each CA's name and policy fit its environment and branch, and no two CAs share a key."""
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
    """Yield a fault if the CA certificate's subject or policy does not fit its place."""
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
    """Every CA still in use can load its key, which matches its certificate and chain.

    Runs only in processes that have the key settings, and only in deployment checks that include
    the database. A CA that is no longer needed is not checked: its token may have been put away.
    """
    visible = any(getattr(settings, name, "") for name in settings.KEY_SETTINGS)
    if not databases or settings.PORTAL_PROCESS in settings.KEYLESS or not visible:
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
