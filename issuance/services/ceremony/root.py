"""What is done where the root keys are kept. Asks no database and no network.

The folder of the root keys also keeps what was done with them: the last revocation list of each
root and, under ``issued``, the chain of every issuing CA it certified.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding

from certportal.foundation.errors import Refused
from issuance import repository
from issuance.authority import crl, hierarchy
from issuance.conf import Pki, pki
from issuance.places import Place, place_named
from issuance.plan import SubjectKey, branch_of
from issuance.services.errors import AlreadyThere
from issuance.signers import verify
from issuance.signers.chains import ChainFiles
from issuance.signers.file import KeyFiles
from issuance.signers.protocol import KeyStore, Signer
from issuance.validity import add_months, end_of_day

# CA/B BR 4.9.7: twelve months at most.
ROOT_CRL_VALIDITY = timedelta(days=365)
LEAST_RSA_BITS = 3072
REASONS = (
    "key_compromise",
    "ca_compromise",
    "affiliation_changed",
    "superseded",
    "cessation_of_operation",
    "unspecified",
)


class NotRequested(Refused):
    """The request is not one this root certifies; says why."""


@dataclass(frozen=True, slots=True)
class Revocation:
    """An issuing CA to be put on its root's list; ``reason`` as pyca names it."""

    certificate: x509.Certificate
    reason: str


def open_root(place: Place, keys: KeyStore) -> Signer | None:
    """The root of a place, proven; None if there is none. Raises SignerUnavailable."""
    if not keys.exists(place.root_stem):
        return None
    root = keys.load(place.root_stem)
    verify(root)
    return root


def make_root(place: Place, keys: KeyStore, *, now: datetime, rsa_bits: int) -> Signer:
    """Make a root that is not there yet; a key left by an interrupted ceremony is used."""
    stem, conf = place.root_stem, pki()
    key = keys.pending(stem) or keys.make_key(stem, place.branch, rsa_bits)
    root = hierarchy.make_root(key, place.root_names(conf), now, _end(now, conf.root_years))
    keys.keep_chain(stem, root.chain)
    return root


def certify(
    place: Place, public: SubjectKey, root: Signer, *, now: datetime
) -> tuple[x509.Certificate, ...]:
    """The chain of an issuing CA with this public key below ``root``."""
    conf = pki()
    placement = hierarchy.Placement(
        policy=conf.policy(place.environment, place.branch),
        crl_url=conf.crl_url(place.root_stem),
        certificate_url=conf.certificate_url(place.root_stem),
    )
    end = min(_end(now, conf.issuing_years), root.chain[0].not_valid_after_utc)
    names = place.names(conf)
    return hierarchy.certify_issuing(public, names, root, placement, now, end)


def sign_request(
    csr_der: bytes, *, keys: KeyFiles, now: datetime
) -> tuple[Place, tuple[x509.Certificate, ...]]:
    """Certify the issuing CA that asks, and keep its chain; a second request of it is refused.

    Raises NotRequested, AlreadyThere, SignerUnavailable.
    """
    request = _read(csr_der)
    place, public = _asked(request, pki())
    root = open_root(place, keys)
    if root is None:
        raise NotRequested(f"the key of {place.root_stem} is not in {keys.folder}")
    issued = ChainFiles(keys.folder / "issued")
    if issued.path(place.stem).exists():
        raise AlreadyThere(f"{place.stem} was certified before; see {issued.path(place.stem)}")
    chain = certify(place, public, root, now=now)
    issued.write(place.stem, chain)
    return place, chain


def _read(csr_der: bytes) -> x509.CertificateSigningRequest:
    try:
        request = x509.load_der_x509_csr(csr_der)
        valid = request.is_signature_valid
    except (ValueError, InvalidSignature) as error:
        raise NotRequested("this is no certificate request") from error
    if not valid:
        raise NotRequested("the request is not signed by its key")
    return request


def _asked(request: x509.CertificateSigningRequest, conf: Pki) -> tuple[Place, SubjectKey]:
    """The place the request names, and its key, which must be of the kind of that place."""
    place = place_named(request.subject, conf)
    if place is None:
        raise NotRequested(f"no CA of these settings is {request.subject.rfc4514_string()}")
    public = request.public_key()
    if branch_of(public) != place.branch:
        raise NotRequested(f"{place.stem} wants a key of another kind")
    assert isinstance(public, RSAPublicKey | EllipticCurvePublicKey)
    weak = isinstance(public, RSAPublicKey) and public.key_size < LEAST_RSA_BITS
    if weak or (isinstance(public, EllipticCurvePublicKey) and public.curve.name != SECP384R1.name):
        raise NotRequested(f"a key of {public.key_size} bits is not one of an issuing CA")
    return place, public


def next_list(
    place: Place,
    keys: KeyFiles,
    *,
    now: datetime,
    revoke: Iterable[Revocation] = (),
    above: int = 0,
) -> bytes:
    """Sign the next list of the root kept in ``keys``. Raises NotRequested, SignerUnavailable."""
    root = open_root(place, keys)
    if root is None:
        raise NotRequested(f"the key of {place.root_stem} is not in {keys.folder}")
    return sign_list(place, root, keys.folder, now=now, revoke=revoke, above=above)


def sign_list(
    place: Place,
    root: Signer,
    folder: Path,
    *,
    now: datetime,
    revoke: Iterable[Revocation] = (),
    above: int = 0,
) -> bytes:
    """Sign the root's next list (DER), which lasts a year, and keep it in ``folder``.

    What stood on the last one, or stands on the one served here, if any, stays; ``revoke`` is
    added. Its number is above those of both, and ``above``. Raises NotRequested for a certificate
    that is not the root's.
    """
    lists = [repository.read_list(folder / f"{place.root_stem}.crl")]
    lists.append(repository.last_crl(place.root_stem))
    before = [each for each in lists if each]
    known = (above, *(each.facts.number for each in before))
    entries: dict[bytes, bytes] = {}
    for last in before:
        entries = crl.by_serial(last.entries) | entries
    for each in revoke:
        entries = crl.by_serial(_new_entry(each, root, now)) | entries
    facts = crl.CrlFacts(max(known) + 1, now, now + ROOT_CRL_VALIDITY)
    der = crl.make(entries.values(), facts, root)
    crl.check(der, root.chain[0], after=max(known), now=now)
    repository.replace(folder / f"{place.root_stem}.crl", der)
    return der


def _new_entry(revoked: Revocation, root: Signer, now: datetime) -> bytes:
    try:
        revoked.certificate.verify_directly_issued_by(root.chain[0])
    except (InvalidSignature, ValueError, TypeError) as error:
        raise NotRequested("the certificate to revoke is not one of this root") from error
    return crl.entry(revoked.certificate.serial_number, now, x509.ReasonFlags[revoked.reason], None)


def chain_pem(chain: tuple[x509.Certificate, ...]) -> bytes:
    """The chain as one PEM file."""
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in chain)


def _end(now: datetime, years: int) -> datetime:
    return end_of_day(add_months(now.date(), 12 * years))
