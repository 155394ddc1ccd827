"""Certificate revocation lists: RFC 5280 section 5.

Every revoked certificate keeps the DER of its own entry, and a list is made by joining them:
the library's builder takes time in the square of the number of entries.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from issuance import der, tlv
from issuance.authority.build import authority_key_identifier
from issuance.authority.sign import sign_bytes, verify_bytes
from issuance.plan import SubjectKey
from issuance.signers.protocol import Signer


class CrlRefused(Exception):
    """A list that must not replace the one being served."""


@dataclass(frozen=True, slots=True)
class CrlFacts:
    """Number and dates of a list; times in UTC."""

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
    """A complete signed list (DER) of these entries; a part may hold several, joined."""
    algorithm = der.SIGNATURE_ALGORITHM[signer.branch]
    extensions = der.sequence(
        der.extension(authority_key_identifier(signer.chain[0])),
        der.extension(x509.CRLNumber(facts.number)),
    )
    joined = b"".join(entries)  # first, and once: each further look at a million objects is slow
    to_be_signed = der.sequence(
        der.integer(1),
        algorithm,
        signer.chain[0].subject.public_bytes(),
        der.time(facts.this_update),
        der.time(facts.next_update),
        der.header(0x30, len(joined)) if joined else b"",
        joined,
        der.tlv(0xA0, extensions),
    )
    return der.signed(to_be_signed, signer.branch, sign_bytes(to_be_signed, signer))


@dataclass(frozen=True, slots=True)
class Parts:
    """A list taken apart: the signed bytes, the signature, and the entries, joined."""

    to_be_signed: memoryview
    signature: bytes
    entries: bytes
    facts: CrlFacts


def take_apart(crl_der: bytes) -> Parts:
    """The parts of a version 2 list, found without looking at its entries one by one.

    Raises tlv.MalformedError or ValueError.
    """
    to_be_signed, _, signature = tlv.read(crl_der).expect(tlv.SEQUENCE).children()
    _version, _algorithm, _issuer, begun, until, *some, last = to_be_signed.children()
    joined = some[0].expect(tlv.SEQUENCE).content if some else b""
    (extensions,) = last.expect(0xA0).children()
    return Parts(
        memoryview(crl_der)[to_be_signed.start : to_be_signed.end],
        tlv.bit_string(signature)[0],
        joined,
        CrlFacts(_number(extensions), der.moment(begun.encoded), der.moment(until.encoded)),
    )


def _number(extensions: tlv.Element) -> int:
    """CRL number: section 5.2.3."""
    for each in extensions.children():
        identifier, *_, value = each.children()
        if tlv.object_identifier(identifier) == x509.CRLNumber.oid.dotted_string:
            return tlv.integer(tlv.read(value.content))
    raise tlv.MalformedError("structure", extensions.start)


def by_serial(entries: bytes) -> dict[bytes, bytes]:
    """Joined entries, each under the content octets of its serial number, in their order."""
    found, offset = {}, 0
    while offset < len(entries):
        end = offset + 2 + entries[offset + 1]  # an entry has fewer than 128 octets
        found[entries[offset + 4 : offset + 4 + entries[offset + 3]]] = entries[offset:end]
        offset = end
    return found


def check(
    crl_der: bytes,
    issuer: x509.Certificate,
    *,
    after: int,
    now: datetime,
    entries: bytes | None = None,
) -> None:
    """Raise CrlRefused unless the list may replace number ``after``.

    It is this issuer's, newer and current, and holds just ``entries`` (joined) if they are given.
    Another CA once served its neighbour's list (Bugzilla 2048626): hence before every replace. A
    library that had no part in making the list must be able to read it. Its own check of the
    signature takes ten times as long as that of the bytes themselves, so these are taken.
    """
    crl, parts = x509.load_der_x509_crl(crl_der), take_apart(crl_der)
    if crl.issuer != issuer.subject:
        raise CrlRefused("another issuer's list")
    try:
        verify_bytes(parts.to_be_signed, parts.signature, cast(SubjectKey, issuer.public_key()))
    except InvalidSignature as error:
        raise CrlRefused("the signature is not the issuer's") from error
    if parts.facts.number <= after:
        raise CrlRefused(f"number {parts.facts.number} is not above {after}")
    if crl.next_update_utc is None or not crl.last_update_utc <= now < crl.next_update_utc:
        raise CrlRefused("the list is not current")
    if entries is not None and parts.entries != entries:
        raise CrlRefused("the entries are not those that were collected")
