"""Certificate revocation lists: RFC 5280 section 5.

Every revoked certificate keeps the DER of its own entry, and a list is made by joining them:
the library's builder takes time in the square of the number of entries.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from issuance import der
from issuance.authority.build import authority_key_identifier
from issuance.authority.sign import sign_bytes
from issuance.signers.protocol import Signer


class CrlRefused(Exception):
    """A list that must not replace the one being served."""


@dataclass(frozen=True, slots=True)
class CrlFacts:
    """Number and dates of a list to be made; times in UTC."""

    number: int
    this_update: datetime
    next_update: datetime


def entry(
    serial: int,
    revoked_at: datetime,
    reason: x509.ReasonFlags,
    invalidity_date: datetime | None,
) -> bytes:
    """One entry of revokedCertificates, DER. "unspecified" is left out: section 5.3.1."""
    extensions = []
    if reason != x509.ReasonFlags.unspecified:
        extensions.append(der.extension(x509.CRLReason(reason)))
    if invalidity_date is not None:
        extensions.append(der.extension(x509.InvalidityDate(invalidity_date)))
    return der.sequence(der.integer(serial), der.time(revoked_at), der.join(extensions))


def make(entries: Iterable[bytes], facts: CrlFacts, signer: Signer) -> bytes:
    """A complete signed list (DER) of these entries."""
    algorithm = der.SIGNATURE_ALGORITHM[signer.branch]
    extensions = der.sequence(
        der.extension(authority_key_identifier(signer.chain[0])),
        der.extension(x509.CRLNumber(facts.number)),
    )
    to_be_signed = der.sequence(
        der.integer(1),
        algorithm,
        signer.chain[0].subject.public_bytes(),
        der.time(facts.this_update),
        der.time(facts.next_update),
        der.join(entries),
        der.tlv(0xA0, extensions),
    )
    return der.signed(to_be_signed, signer.branch, sign_bytes(to_be_signed, signer))


def check(crl_der: bytes, issuer: x509.Certificate, *, after: int, now: datetime) -> None:
    """Raise CrlRefused unless the list is this issuer's, newer than number ``after`` and current.

    Another CA once served its neighbour's list (Bugzilla 2048626): hence before every replace.
    """
    crl = x509.load_der_x509_crl(crl_der)
    number = crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    if crl.issuer != issuer.subject:
        raise CrlRefused("another issuer's list")
    if not crl.is_signature_valid(issuer.public_key()):  # type: ignore[arg-type]
        raise CrlRefused("the signature is not the issuer's")
    if number <= after:
        raise CrlRefused(f"number {number} is not above {after}")
    if crl.next_update_utc is None or not crl.last_update_utc <= now < crl.next_update_utc:
        raise CrlRefused("the list is not current")
