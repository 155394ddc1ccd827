"""Registering issuing CAs, and publishing the CRLs of their roots."""

from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from django.db import transaction
from django.utils.translation import gettext as _

from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.certificate_faults import UNREADABLE
from certportal.foundation.errors import Refused
from issuance.authority import crl, hierarchy
from issuance.authority.places import Place, Rooted, place_named
from issuance.conf import pki
from issuance.event_names import IssuanceEvent
from issuance.models import IssuingCA
from issuance.publication import repository
from issuance.services.ceremony.ceremony_record import sha256_of
from issuance.services.ceremony.generations import mark_revoked, take_over
from issuance.services.errors import AlreadyThere
from issuance.services.status.publish_crl import publish_crl
from issuance.signers import verify
from issuance.signers.protocol import KeyStore, Signer

State = IssuingCA.State


class NotInstalled(Refused):
    """The certificate or CRL brought from the root cannot be installed."""


def register(
    place: Place,
    signer: Signer,
    *,
    actor: Actor,
    now: datetime,
    state: IssuingCA.State = State.ACTIVE,
) -> IssuingCA:
    """Register the issuing CA in the database and publish its chain and CRL.

    If ``state`` is active, the CA active before is retired. A CA that is already registered keeps
    its state and is only published again.
    """
    verify(signer)
    with transaction.atomic():
        ca = IssuingCA.objects.filter(stem=place.stem).first()
        if ca is None:
            ca = _enter(place, signer, state, actor, now)
    repository.publish_chain(place.root_stem, signer.chain[-1:])
    repository.publish_chain(place.stem, signer.chain)
    publish_crl(ca, now=now, load_signer=lambda _: signer)
    return ca


def _enter(
    place: Place, signer: Signer, state: IssuingCA.State, actor: Actor, now: datetime
) -> IssuingCA:
    if state == State.ACTIVE:
        take_over(place.environment, place.branch, actor=actor, now=now)
    ca = IssuingCA.objects.create(
        stem=place.stem,
        environment=place.environment,
        branch=place.branch,
        generation=place.generation,
        state=state,
        certificate_der=signer.chain[0].public_bytes(Encoding.DER),
        root_der=signer.chain[-1].public_bytes(Encoding.DER),
        created_at=now,
    )
    events.record(
        IssuanceEvent.CA_REGISTERED,
        events.Subject("issuing_ca", place.stem),
        actor,
        now,
        sha256=signer.chain[0].fingerprint(SHA256()).hex(),
        state=str(state),
    )
    return ca


def request_ca(
    environment: str, branch: str, *, keys: KeyStore, rsa_bits: int = 4096
) -> tuple[Place, bytes]:
    """Make the key of the next generation; return its place and CSR (PKCS#10, DER) for the root.

    If there is a pending key, its CSR is made again. Raises AlreadyThere.
    """
    cas = IssuingCA.objects.filter(environment=environment, branch=branch)
    last = cas.order_by("-generation").values_list("generation", flat=True).first() or 0
    place = Place.at(environment, branch, last + 1)
    if keys.exists(place.stem):
        words = _("%(ca)s has its certificate: install it again with install_issuing_ca.")
        raise AlreadyThere(words % {"ca": place.stem})
    key = keys.pending(place.stem) or keys.make_key(place.stem, place.branch, rsa_bits)
    return place, hierarchy.request(key, place.names(pki()))


def install_ca(
    pem: bytes, *, keys: KeyStore, actor: Actor, now: datetime, root_sha256: str = ""
) -> IssuingCA:
    """Register, on standby, the issuing CA whose certificate the root has signed.

    ``pem`` is the chain of issuing CA and root. ``root_sha256`` is the root's fingerprint, needed
    if the hierarchy is new here. Raises NotInstalled, AlreadyThere, SignerUnavailable.
    """
    chain = _chain(pem)
    place = place_named(chain[0].subject, pki())
    if place is None:
        words = _(
            "No CA of these settings is %(subject)s. See whether PKI_FILE names the same file here."
        )
        raise NotInstalled(words % {"subject": chain[0].subject.rfc4514_string()})
    _check_root(place, chain[-1], root_sha256)
    _check_content(place, chain[0])
    if not keys.exists(place.stem):
        key = keys.pending(place.stem)
        if key is None or key.public_key() != chain[0].public_key():
            words = _("%(ca)s: the certificate is not for the key that waits.")
            raise NotInstalled(words % {"ca": place.stem})
        verify(Signer(chain, key))
        keys.keep_chain(place.stem, chain)
    signer = keys.load(place.stem)
    if signer.chain[0] != chain[0]:
        words = _("%(ca)s has another certificate already; nothing was changed.")
        raise AlreadyThere(words % {"ca": place.stem})
    return register(place, signer, actor=actor, now=now, state=State.STANDBY)


def _chain(pem: bytes) -> tuple[x509.Certificate, ...]:
    try:
        chain = tuple(x509.load_pem_x509_certificates(pem))
    except UNREADABLE as error:
        raise NotInstalled(_("This is no chain of certificates (PEM).")) from error
    if len(chain) != 2:
        raise NotInstalled(_("The chain must be the issuing CA and its root."))
    return chain


def _check_root(place: Place, root: x509.Certificate, sha256: str) -> None:
    cas = IssuingCA.objects.filter(environment=place.environment, branch=place.branch)
    registered = {sha256_of(ca.root) for ca in cas}
    wanted = registered or {sha256.upper()}
    if wanted != {sha256_of(root)}:
        raise NotInstalled(
            _("The root is not that of the hierarchy: its fingerprint, or --root-sha256, is wrong.")
        )


def _check_content(place: Place, certificate: x509.Certificate) -> None:
    conf, extensions = pki(), certificate.extensions
    policies = extensions.get_extension_for_class(x509.CertificatePolicies).value
    oid = conf.policy(place.environment, place.branch).oid
    if [each.policy_identifier.dotted_string for each in policies] != [oid]:
        words = _("%(ca)s: the policy is not that of its environment and branch.")
        raise NotInstalled(words % {"ca": place.stem})
    constraints = extensions.get_extension_for_class(x509.BasicConstraints).value
    if not constraints.ca or constraints.path_length != 0:
        words = _("%(ca)s: this is not the certificate of an issuing CA.")
        raise NotInstalled(words % {"ca": place.stem})


def publish_root_list(place: Rooted, der: bytes, root: Signer, *, now: datetime) -> None:
    """Publish a CRL (DER) that the root has just signed. Raises CrlRefused."""
    crl.check(der, root.chain[0], after=repository.crl_number(place.root_stem), now=now)
    repository.publish_list(place.root_stem, crl.take_apart(der).facts.number, der)


def install_root_list(der: bytes, *, actor: Actor, now: datetime) -> Place:
    """Publish a root's CRL (DER) brought from the root, and mark the CAs revoked by it.

    All or nothing: if the list cannot be published, no CA is marked; if the marks cannot be stored
    after it was published, the same list can be installed again. Raises NotInstalled if it is not a
    current, newer list of a root of this service.
    """
    try:
        listed = x509.load_der_x509_crl(der)
    except UNREADABLE as error:
        raise NotInstalled(_("This is no revocation list (DER).")) from error
    cas = [ca for ca in IssuingCA.objects.order_by("pk") if ca.root.subject == listed.issuer]
    if not cas:
        words = _("No root of this service is %(subject)s.")
        raise NotInstalled(words % {"subject": listed.issuer.rfc4514_string()})
    place = Place.of(cas[0])
    number = crl.take_apart(der).facts.number
    revoked = [ca for ca in cas if _is_on(ca, listed) and ca.state != State.REVOKED]
    half_done = bool(revoked) and repository.is_served(place.root_stem, der)
    after = number - 1 if half_done else repository.crl_number(place.root_stem)
    try:
        crl.check(der, cas[0].root, after=after, now=now)
    except crl.CrlRefused as error:
        raise NotInstalled(f"{place.root_stem}: {error}") from error
    _require_whole(place, der)
    with transaction.atomic():
        for ca in revoked:
            mark_revoked(ca.stem, actor=actor, now=now)
        about = events.Subject("root", place.root_stem)
        events.record(IssuanceEvent.ROOT_CRL, about, actor, now, number=number)
        # Last, so that a list that cannot be written rolls the marks back.
        if not half_done:
            repository.publish_list(place.root_stem, number, der)
    return place


def _require_whole(place: Place, der: bytes) -> None:
    """Raise NotInstalled if a revocation of the last list is missing: it cannot be undone."""
    served = repository.last_crl(place.root_stem)
    listed = crl.by_serial(crl.take_apart(der).entries)
    if served and crl.by_serial(served.entries).keys() - listed.keys():
        words = _("%(root)s: the list lacks a revocation of the one being served.")
        raise NotInstalled(words % {"root": place.root_stem})


def _is_on(ca: IssuingCA, listed: x509.CertificateRevocationList) -> bool:
    number = ca.certificate.serial_number
    return listed.get_revoked_certificate_by_serial_number(number) is not None
