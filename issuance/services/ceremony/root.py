"""Operations with the root keys, where these are kept, without database or network.

The folder of the root keys also has the last CRL of each root and, under ``issued``, the chain of
every issuing CA that it has certified.
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
from django.utils.translation import gettext as _

from certportal.foundation import clock, own_files
from certportal.foundation.certificate_faults import UNREADABLE
from certportal.foundation.errors import Refused
from issuance.authority import crl, hierarchy
from issuance.authority.places import Place, Rooted, place_named
from issuance.certificate.plan import SubjectKey, branch_of
from issuance.conf import Pki, pki
from issuance.csr import examine
from issuance.publication import repository
from issuance.services.errors import AlreadyThere
from issuance.signers import verify
from issuance.signers.file import KeyFiles
from issuance.signers.protocol import ChainFiles, KeyStore, Signer

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
    """The root refuses this request; the message says why."""


@dataclass(frozen=True, slots=True)
class Revocation:
    """An issuing CA to be revoked by its root; ``reason`` is one of REASONS."""

    certificate: x509.Certificate
    reason: str


def open_root(place: Rooted, keys: KeyStore) -> Signer | None:
    """The verified root of a place; None if there is none. Raises SignerUnavailable."""
    if not keys.exists(place.root_stem):
        return None
    root = keys.load(place.root_stem)
    verify(root)
    return root


def _root_in(keys: KeyFiles, place: Rooted) -> Signer:
    """The verified root of a place. Raises NotRequested, SignerUnavailable."""
    root = open_root(place, keys)
    if root is None:
        words = _("The key of %(root)s is not in %(folder)s.")
        raise NotRequested(words % {"root": place.root_stem, "folder": keys.folder})
    return root


def make_root(place: Rooted, keys: KeyStore, *, now: datetime, rsa_bits: int) -> Signer:
    """Make the root of a place, with the pending key of an interrupted ceremony if there is one."""
    stem, conf = place.root_stem, pki()
    key = keys.pending(stem) or keys.make_key(stem, place.branch, rsa_bits)
    root = hierarchy.make_root(key, place.root_names(conf), now, _end(now, conf.root_years))
    keys.keep_chain(stem, root.chain)
    return root


def certify(
    place: Place, public: SubjectKey, root: Signer, *, now: datetime
) -> tuple[x509.Certificate, ...]:
    """Certify an issuing CA's public key with ``root`` and return its chain."""
    conf = pki()
    placement = hierarchy.Placement(
        policy=conf.policy(place.environment, place.branch),
        crl_url=conf.crl_url(place.root_stem),
        certificate_url=conf.certificate_url(place.root_stem),
    )
    end = issuing_end(root, now)
    return hierarchy.certify_issuing(public, place.names(conf), root, placement, now, end)


def sign_request(
    csr_der: bytes, *, keys: KeyFiles, now: datetime
) -> tuple[Place, tuple[x509.Certificate, ...]]:
    """Certify the issuing CA named in the request, and store its chain; never twice.

    Raises NotRequested, AlreadyThere, SignerUnavailable.
    """
    try:
        request = x509.load_der_x509_csr(csr_der)
        valid = request.is_signature_valid
    except (*UNREADABLE, InvalidSignature) as error:
        raise NotRequested(_("This is no certificate request.")) from error
    if not valid:
        raise NotRequested(_("The request is not signed by its key."))
    place, public = _requested_place(request, pki())
    _refuse_known_key(csr_der)
    root = _root_in(keys, place)
    issued = ChainFiles(keys.folder / "issued")
    if issued.path(place.stem).exists():
        words = _("%(ca)s was certified before; see %(file)s.")
        raise AlreadyThere(words % {"ca": place.stem, "file": issued.path(place.stem)})
    chain = certify(place, public, root, now=now)
    issued.write(place.stem, chain)
    return place, chain


def _requested_place(
    request: x509.CertificateSigningRequest, conf: Pki
) -> tuple[Place, SubjectKey]:
    """The place named in the request, and its public key, which must suit the place's branch."""
    place = place_named(request.subject, conf)
    if place is None:
        words = _(
            "No CA of these settings is %(subject)s. See whether PKI_FILE names the same file here."
        )
        raise NotRequested(words % {"subject": request.subject.rfc4514_string()})
    public = request.public_key()
    if branch_of(public) != place.branch:
        raise NotRequested(_("%(ca)s needs a key of another kind.") % {"ca": place.stem})
    assert isinstance(public, RSAPublicKey | EllipticCurvePublicKey)
    weak = isinstance(public, RSAPublicKey) and public.key_size < LEAST_RSA_BITS
    if weak or (isinstance(public, EllipticCurvePublicKey) and public.curve.name != SECP384R1.name):
        words = _("A key of %(bits)s bits is not one of an issuing CA.")
        raise NotRequested(words % {"bits": public.key_size})
    return place, public


def _refuse_known_key(csr_der: bytes) -> None:
    """Refuse published, weak or computable keys, by the same policy as for subscribers."""
    faults = (finding for finding in examine(csr_der).errors if finding.rule.startswith("key."))
    known = [finding.rule for finding in faults if finding.reason != "unsupported-key"]
    if known:
        words = _("The private key can be found by others (%(rules)s): make another one.")
        raise NotRequested(words % {"rules": ", ".join(known)})


def next_list(
    place: Place,
    keys: KeyFiles,
    *,
    now: datetime,
    revoke: Iterable[Revocation] = (),
    above: int = 0,
) -> bytes:
    """Sign the next list of the root kept in ``keys``. Raises NotRequested, SignerUnavailable."""
    root = _root_in(keys, place)
    return sign_list(place, root, keys.folder, now=now, revoke=revoke, above=above)


def sign_list(
    place: Rooted,
    root: Signer,
    folder: Path,
    *,
    now: datetime,
    revoke: Iterable[Revocation] = (),
    above: int = 0,
    lasting: timedelta = ROOT_CRL_VALIDITY,
) -> bytes:
    """Sign the root's next list (DER), and store it in ``folder``.

    It has the entries of the list in ``folder`` and of the one published here, if there are any,
    and those of ``revoke``. Its number is higher than both numbers and ``above``. Raises
    NotRequested for a certificate not issued by this root.
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
    facts = crl.CrlFacts(max(known) + 1, now, now + lasting)
    der = crl.make([*entries.values()], facts, root)
    crl.check(der, root.chain[0], after=max(known), now=now)
    own_files.replace(folder / f"{place.root_stem}.crl", der)
    return der


def _new_entry(revoked: Revocation, root: Signer, now: datetime) -> bytes:
    try:
        revoked.certificate.verify_directly_issued_by(root.chain[0])
    except (InvalidSignature, ValueError, TypeError) as error:
        raise NotRequested(_("The certificate to revoke is not one of this root.")) from error
    return crl.entry(revoked.certificate.serial_number, now, x509.ReasonFlags[revoked.reason], None)


def chain_pem(chain: tuple[x509.Certificate, ...]) -> bytes:
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in chain)


def issuing_end(root: Signer, now: datetime) -> datetime:
    """When what the root certifies now ends: no later than the root itself."""
    return min(_end(now, pki().issuing_years), root.chain[0].not_valid_after_utc)


def _end(now: datetime, years: int) -> datetime:
    return clock.end_of_day(clock.add_months(now.date(), 12 * years))
