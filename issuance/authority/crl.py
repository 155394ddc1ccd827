"""Certificate revocation lists: RFC 5280 section 5.

The DER of each entry is stored with its revoked certificate, and a list is made by joining the
entries, because the time of the library's builder grows with the square of their number.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import cast

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from issuance.algorithms import SIGNATURE_ALGORITHMS, by_identifier
from issuance.authority.build import authority_key_identifier
from issuance.authority.sign import sign_parts, verify_bytes
from issuance.certificate.plan import SubjectKey
from issuance.der import read, write
from issuance.signers.protocol import Signer

type Octets = bytes | memoryview


class CrlRefused(Exception):
    """The new list must not replace the list being served."""


@dataclass(frozen=True, slots=True)
class CrlFacts:
    """Number and dates of a list; times in UTC."""

    number: int
    this_update: datetime
    next_update: datetime


def entry(
    serial: int, revoked_at: datetime, reason: x509.ReasonFlags, invalidity_date: datetime | None
) -> bytes:
    """One entry of revokedCertificates, DER. Reason "unspecified" is left out: section 5.3.1."""
    extensions = []
    if reason != x509.ReasonFlags.unspecified:
        extensions.append(write.extension(x509.CRLReason(reason)))
    if invalidity_date is not None:
        extensions.append(write.extension(x509.InvalidityDate(invalidity_date)))
    return write.sequence(write.integer(serial), write.time(revoked_at), write.join(extensions))


def make(entries: Sequence[Octets], facts: CrlFacts, signer: Signer) -> bytes:
    """A complete signed list (DER). An item of ``entries`` should be many entries, joined."""
    algorithm = SIGNATURE_ALGORITHMS[signer.branch].identifier
    extensions = write.sequence(
        write.extension(authority_key_identifier(signer.chain[0])),
        write.extension(x509.CRLNumber(facts.number)),
    )
    size = sum(map(len, entries))
    contents = (
        write.integer(1),
        algorithm,
        signer.chain[0].subject.public_bytes(),
        write.time(facts.this_update),
        write.time(facts.next_update),
        write.header(0x30, size) if size else b"",
        *entries,
        write.tlv(0xA0, extensions),
    )
    to_be_signed = (write.header(0x30, sum(map(len, contents))), *contents)
    signature = sign_parts(to_be_signed, signer)
    return write.sequence(*to_be_signed, algorithm, write.tlv(0x03, b"\0", signature))


@dataclass(frozen=True)
class Parts:
    """The parts of the list ``der``: tbsCertList, signatureAlgorithm, signature, issuer, number and
    dates. Its joined entries are between the offsets ``start`` and ``end``: a copy of a million
    takes as long as half their hash.
    """

    der: bytes
    to_be_signed: memoryview
    algorithm: bytes
    signature: bytes
    issuer: bytes
    start: int
    end: int
    facts: CrlFacts

    @property
    def entries(self) -> memoryview:
        return memoryview(self.der)[self.start : self.end]

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.der).hexdigest()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the signature, which no list of the same CA with other content has."""
        return hashlib.sha256(self.signature).hexdigest()

    def holds(self, entry: bytes) -> bool:
        return self.der.find(entry, self.start, self.end) >= 0

    def consists_of(self, entries: Sequence[Octets]) -> bool:
        """Whether the list has exactly these entries, joined, in this order."""
        at = self.start
        for each in entries:
            if not self.der.startswith(each, at):
                return False
            at += len(each)
        return at == self.end


def take_apart(crl_der: bytes) -> Parts:
    """The parts of a version 2 list, found without parsing each entry.

    Raises issuance.der.read.MalformedError or ValueError.
    """
    to_be_signed, algorithm, signature = _outer(crl_der)
    _version, _algorithm, issuer, _begun, _until, *some, _last = to_be_signed.children()
    start, end = (some[0].expect(read.SEQUENCE).inner, some[0].end) if some else (0, 0)
    return Parts(
        crl_der,
        memoryview(crl_der)[to_be_signed.start : to_be_signed.end],
        bytes(algorithm.encoded),
        read.bit_string(signature)[0],
        bytes(issuer.encoded),
        start,
        end,
        _facts(to_be_signed),
    )


def facts_of(crl_der: bytes) -> CrlFacts:
    """Number and dates of a list; raises as ``take_apart`` does. Looks at none of the entries."""
    to_be_signed, _algorithm, signature = _outer(crl_der)
    read.bit_string(signature)
    return _facts(to_be_signed)


def _outer(crl_der: bytes) -> list[read.Element]:
    to_be_signed, algorithm, signature = read.read(crl_der).expect(read.SEQUENCE).children()
    return [to_be_signed, algorithm, signature]


def _facts(to_be_signed: read.Element) -> CrlFacts:
    _version, _algorithm, _issuer, begun, until, *_some, last = to_be_signed.children()
    (extensions,) = last.expect(0xA0).children()
    return CrlFacts(_number(extensions), write.moment(begun.encoded), write.moment(until.encoded))


def _number(extensions: read.Element) -> int:
    """CRL number: section 5.2.3."""
    for each in extensions.children():
        identifier, *_, value = each.children()
        if read.object_identifier(identifier) == x509.CRLNumber.oid.dotted_string:
            return read.integer(read.read(value.content))
    raise read.MalformedError("structure", extensions.start)


def by_serial(entries: Octets) -> dict[bytes, bytes]:
    """Split joined entries: from each serial number's content octets to its entry, in order."""
    entries = bytes(entries)  # slices of a memoryview take three times the memory
    found, offset = {}, 0
    while offset < len(entries):
        end = offset + 2 + entries[offset + 1]  # an entry has fewer than 128 octets
        found[entries[offset + 4 : offset + 4 + entries[offset + 3]]] = entries[offset:end]
        offset = end
    return found


_FOUND_GOOD: dict[tuple[str, x509.Certificate], None] = {}
"""SHA-256 of lists whose signatures this process has verified, with the issuer, oldest first.

SHA-256 takes half as long as SHA-384, and is needed anyway for the event of a new list.
"""
_REMEMBERED = 64


def is_issued_by(parts: Parts, issuer: x509.Certificate) -> bool:
    """Whether the list names this CA as its issuer and is signed by it."""
    algorithm, key = by_identifier(parts.algorithm), cast(SubjectKey, issuer.public_key())
    if algorithm is None or parts.issuer != issuer.subject.public_bytes():
        return False
    known = (parts.sha256, issuer)
    if known in _FOUND_GOOD:
        return True
    try:
        verify_bytes(parts.to_be_signed, parts.signature, key, algorithm.hash)
    except InvalidSignature:
        return False
    _FOUND_GOOD[known] = None
    if len(_FOUND_GOOD) > _REMEMBERED:
        _FOUND_GOOD.pop(next(iter(_FOUND_GOOD)), None)
    return True


def check(
    crl_der: bytes,
    issuer: x509.Certificate,
    *,
    after: int,
    now: datetime,
    entries: Sequence[Octets] | None = None,
) -> Parts:
    """The parts of a list that may replace number ``after``. Raises CrlRefused.

    The list must be signed by ``issuer``, have a number above ``after``, be current at ``now``
    and, if ``entries`` (joined) are given, hold exactly these. This is checked before every
    replacement, because a CA once served another CA's list (Mozilla Bugzilla 2048626). The list
    is also parsed with the library, which did not make it. The signature is verified over the
    raw bytes: the library's own verification of a list takes ten times as long.
    """
    crl, parts = x509.load_der_x509_crl(crl_der), take_apart(crl_der)
    if crl.issuer != issuer.subject:
        raise CrlRefused("another issuer's list")
    if not is_issued_by(parts, issuer):
        raise CrlRefused("the signature is not the issuer's")
    if parts.facts.number <= after:
        raise CrlRefused(f"number {parts.facts.number} is not above {after}")
    if crl.next_update_utc is None or not crl.last_update_utc <= now < crl.next_update_utc:
        raise CrlRefused("the list is not current")
    if entries is not None and not parts.consists_of(entries):
        raise CrlRefused("the entries are not those that were collected")
    return parts
