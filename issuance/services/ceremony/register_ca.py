"""Entering issuing CAs and the lists of their roots into the service."""

from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from django.db import transaction

from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused
from issuance import repository
from issuance.authority import crl, hierarchy
from issuance.conf import pki
from issuance.models import IssuingCA
from issuance.places import Place, place_named
from issuance.services.errors import AlreadyThere
from issuance.services.generations import mark_revoked, take_over
from issuance.services.publish import publish_crl
from issuance.services.records import sha256_of
from issuance.signers import verify
from issuance.signers.protocol import KeyStore, Signer

State = IssuingCA.State


class NotInstalled(Refused):
    """What was brought from where the root key is kept does not fit; says why. In English."""


def register(
    place: Place,
    signer: Signer,
    *,
    actor: Actor,
    now: datetime,
    state: IssuingCA.State = State.ACTIVE,
) -> IssuingCA:
    """Enter the issuing CA into the database and publish its chain and its list.

    An active one takes over from the generation before. One that is registered already keeps its
    state, and is only published anew.
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
    data = {"sha256": signer.chain[0].fingerprint(SHA256()).hex(), "state": str(state)}
    events.record(
        "issuance.ca_registered",
        actor=actor,
        now=now,
        object_type="issuing_ca",
        object_id=place.stem,
        data=data,
    )
    return ca


def request_ca(
    environment: str, branch: str, *, keys: KeyStore, rsa_bits: int = 4096
) -> tuple[Place, bytes]:
    """The key of the next generation, and its request (PKCS #10, DER) for the root.

    A key that waits for its certificate is asked for again.
    """
    cas = IssuingCA.objects.filter(environment=environment, branch=branch)
    last = cas.order_by("-generation").values_list("generation", flat=True).first() or 0
    place = Place.at(environment, branch, last + 1)
    if keys.exists(place.stem):
        raise AlreadyThere(f"{place.stem} has its certificate; install it again or register it")
    key = keys.pending(place.stem) or keys.make_key(place.stem, place.branch, rsa_bits)
    return place, hierarchy.request(key, place.names(pki()))


def install_ca(
    pem: bytes, *, keys: KeyStore, actor: Actor, now: datetime, root_sha256: str = ""
) -> IssuingCA:
    """Register, on standby, the issuing CA whose chain the root signed.

    ``root_sha256`` is the root's fingerprint, wanted when the hierarchy is new here. Raises
    NotInstalled, SignerUnavailable.
    """
    chain = _chain(pem)
    place = place_named(chain[0].subject, pki())
    if place is None:
        raise NotInstalled(f"no CA of these settings is {chain[0].subject.rfc4514_string()}")
    _check_root(place, chain[-1], root_sha256)
    _check_content(place, chain[0])
    if not keys.exists(place.stem):
        key = keys.pending(place.stem)
        if key is None or key.public_key() != chain[0].public_key():
            raise NotInstalled(f"{place.stem}: the certificate is not for the key that waits")
        verify(Signer(chain, key))
        keys.keep_chain(place.stem, chain)
    signer = keys.load(place.stem)
    if signer.chain[0] != chain[0]:
        raise AlreadyThere(f"{place.stem} has another certificate already; nothing was changed")
    return register(place, signer, actor=actor, now=now, state=State.STANDBY)


def _chain(pem: bytes) -> tuple[x509.Certificate, ...]:
    try:
        chain = tuple(x509.load_pem_x509_certificates(pem))
    except ValueError as error:
        raise NotInstalled("this is no chain of certificates (PEM)") from error
    if len(chain) != 2:
        raise NotInstalled("the chain must be the issuing CA and its root")
    return chain


def _check_root(place: Place, root: x509.Certificate, sha256: str) -> None:
    cas = IssuingCA.objects.filter(environment=place.environment, branch=place.branch)
    registered = {sha256_of(ca.root) for ca in cas}
    wanted = registered or {sha256.upper()}
    if wanted != {sha256_of(root)}:
        raise NotInstalled("the root is not that of the hierarchy; its fingerprint is wrong")


def _check_content(place: Place, certificate: x509.Certificate) -> None:
    conf, extensions = pki(), certificate.extensions
    policies = extensions.get_extension_for_class(x509.CertificatePolicies).value
    oid = conf.policy(place.environment, place.branch).oid
    if [each.policy_identifier.dotted_string for each in policies] != [oid]:
        raise NotInstalled(f"{place.stem}: the policy is not that of its environment and branch")
    constraints = extensions.get_extension_for_class(x509.BasicConstraints).value
    if not constraints.ca or constraints.path_length != 0:
        raise NotInstalled(f"{place.stem}: not the certificate of an issuing CA")


def publish_root_list(place: Place, der: bytes, root: Signer, *, now: datetime) -> None:
    """Publish the list that the root has just signed."""
    served = repository.crl_number(place.root_stem)
    crl.check(der, root.chain[0], after=served, now=now)
    repository.publish_list(place.root_stem, crl.take_apart(der).facts.number, der)


def install_root_list(der: bytes, *, actor: Actor, now: datetime) -> Place:
    """Publish a list brought from where the root key is kept; what it revokes is out of use.

    Raises NotInstalled when it is no current, newer list of a root of this service.
    """
    try:
        listed = x509.load_der_x509_crl(der)
    except ValueError as error:
        raise NotInstalled("this is no revocation list (DER)") from error
    cas = [ca for ca in IssuingCA.objects.order_by("pk") if ca.root.subject == listed.issuer]
    if not cas:
        raise NotInstalled(f"no root of this service is {listed.issuer.rfc4514_string()}")
    place = Place.of(cas[0])
    try:
        crl.check(der, cas[0].root, after=repository.crl_number(place.root_stem), now=now)
    except crl.CrlRefused as error:
        raise NotInstalled(f"{place.root_stem}: {error}") from error
    _require_whole(place, der)
    _take_out_of_use([ca for ca in cas if _is_on(ca, listed)], actor, now)
    number = crl.take_apart(der).facts.number
    repository.publish_list(place.root_stem, number, der)
    events.record(
        "issuance.root_crl",
        actor=actor,
        now=now,
        object_type="root",
        object_id=place.root_stem,
        data={"number": number},
    )
    return place


def _require_whole(place: Place, der: bytes) -> None:
    """Whoever signed without the last list at hand must not bring a revoked CA back."""
    served = repository.last_crl(place.root_stem)
    listed = crl.by_serial(crl.take_apart(der).entries)
    if served and crl.by_serial(served.entries).keys() - listed.keys():
        raise NotInstalled(f"{place.root_stem}: it lacks a revocation of the list being served")


def _is_on(ca: IssuingCA, listed: x509.CertificateRevocationList) -> bool:
    number = ca.certificate.serial_number
    return listed.get_revoked_certificate_by_serial_number(number) is not None


def _take_out_of_use(cas: list[IssuingCA], actor: Actor, now: datetime) -> None:
    for ca in cas:
        mark_revoked(ca.stem, actor=actor, now=now)
