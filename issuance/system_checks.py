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
from certportal.foundation.checking import Faults, refusing
from issuance import signers
from issuance.authority.places import Place
from issuance.certificate.profiles import PROFILES, beyond_ceiling
from issuance.conf import demonstration_values, pki, proof_wanted
from issuance.models import IssuingCA
from issuance.services.event_log import key as log_key
from issuance.services.status.publish_crl import is_needed

FILE_BACKEND = "issuance.signers.file.KeyFiles"


@refusing("issuance.E001", deploy=False)
def keys_seen_by_ca_only() -> Faults:
    """Web, beat and the default worker, which parses untrusted uploads, have no key settings."""
    hint = "Only the ca worker and key ceremonies may know where the keys are."
    for name in settings.KEY_SETTINGS if settings.PORTAL_PROCESS in settings.KEYLESS else ():
        if getattr(settings, name, ""):
            yield f"{name} is set for the process {settings.PORTAL_PROCESS}.", hint


@refusing("issuance.E020", deploy=False)
def no_fault_points() -> Faults:
    """Fault points, which kill a process on demand, are set in tests only."""
    if settings.FAULT_POINTS_DIR and settings.PORTAL_ENV != "test":
        yield "Fault points are set.", "Take FAULT_POINTS_DIR out of the settings."


@refusing("issuance.E002")
def addresses_can_be_reached() -> Faults:
    """The address in certificates is plain http with a full host name: RFC 5280 4.2.1.6."""
    address = urlsplit(pki().public_url)
    if address.scheme != "http" or "." not in (address.hostname or ""):
        hint = "Set PKI['PUBLIC_URL'] to a plain http address with a full host name."
        yield f"Certificates would point to {address.geturl()}.", hint


@refusing("issuance.E021")
def names_of_an_authority() -> Faults:
    """In production, names and policies of the CAs are the operator's, not the demonstration's.

    Certificates carry them for fifteen years.
    """
    hint = (
        "Set PKI_FILE to a TOML file with prefix, organisation and policy_oids of your own, before"
        " the first key ceremony; see docs/ceremony.md."
    )
    for name, value in demonstration_values(pki()) if settings.PRODUCTION else ():
        yield f"{name} is the demonstration's: {value}.", hint


@refusing("issuance.E003")
def keys_in_hardware() -> Faults:
    """Production keys are in files only if ``production_keys_in_files`` allows it explicitly."""
    chosen: dict[str, Any] = settings.ISSUANCE_SIGNER
    knowingly = chosen.get("OPTIONS", {}).get("production_keys_in_files", False)
    is_concerned = settings.PRODUCTION and settings.PORTAL_PROCESS not in settings.KEYLESS
    if is_concerned and chosen["BACKEND"] == FILE_BACKEND and not knowingly:
        hint = "Use a hardware module (CA_PKCS11_MODULE), or set CA_PRODUCTION_KEYS_IN_FILES."
        yield "Production keys would be read from files.", hint


@refusing("issuance.E022")
def events_are_logged() -> Faults:
    """In production, the log of events has its key: without the log no change can be proved."""
    if settings.PRODUCTION and settings.CA_KEYS_DIR and not log_key.is_there():
        hint = "Run create_event_log_key where the keys of the CAs are; see docs/ceremony.md."
        yield "The log of events has no key.", hint


@refusing("issuance.E009")
def two_persons_approve() -> Faults:
    """In production, a production certificate needs the approval of at least two persons."""
    if settings.PRODUCTION and settings.ISSUANCE_APPROVALS["production"] <= 1:
        hint = "Set APPROVALS_PRODUCTION to 2 or more; see docs/decisions/who-decides.md."
        yield "One person approves production certificates.", hint


@refusing("issuance.E024")
def approvers_prove() -> Faults:
    """In production, the CA signs production certificates only with proofs by passkeys."""
    if settings.PRODUCTION and not proof_wanted("production"):
        hint = "Set APPROVERS_PROVE to production or all; see docs/decisions/approvers.md."
        yield "Whoever can write to the database can have a production certificate signed.", hint


@refusing("issuance.E005")
def root_keys_elsewhere() -> Faults:
    """In production, CA_KEYS_DIR holds no root key: root keys are kept outside the service."""
    if settings.PRODUCTION and settings.CA_KEYS_DIR:
        for path in sorted(Path(settings.CA_KEYS_DIR).glob("root-*.key")):
            hint = "Keep root keys where no service runs; see docs/ceremony.md."
            yield f"A root key lies in the service: {path.name}.", hint


@refusing("issuance.E023")
def journal_copied_elsewhere() -> Faults:
    """The second place of the journal does not lie on the disk of the journal."""
    place, own = Path(settings.JOURNAL_COPY), Path(settings.PORTAL_DATA) / "journal"
    are_there = settings.JOURNAL_COPY and place.is_dir() and own.is_dir()
    if are_there and place.stat().st_dev == own.stat().st_dev:
        hint = "Mount a directory of another machine there, and name it in JOURNAL_COPY."
        yield "The journal is copied to its own disk.", hint


@refusing("issuance.E025")
def heads_have_a_place() -> Faults:
    """The directory for the heads of the log of events exists, and this process may write there."""
    place = settings.EVENT_LOG_ANCHORS
    hint = (
        "Mount a directory of another machine there that this user may write to, or correct"
        " EVENT_LOG_ANCHORS; see docs/operations.md, “The log of events”."
    )
    if place and not (Path(place).is_dir() and os.access(place, os.W_OK)):
        yield f"No head of the log can be written to {place}.", hint


@refusing("issuance.E006")
def profiles_within_ceilings() -> Faults:
    """No certificate profile exceeds what the certificate policy allows."""
    for name, profile in PROFILES.items():
        for fault in beyond_ceiling(profile):
            yield f"The profile {profile.id}: {fault}.", ""
        if name != profile.id:
            yield f"The profile {profile.id}: is found under the name {name}.", ""


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
