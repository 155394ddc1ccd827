"""OCSP requests and responses: RFC 6960, in the lightweight profile of RFC 5019.

The structures are read and written here because the library handles only one certificate in a
request or response; the DER encodings come from ``issuance.der``.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from functools import cached_property, lru_cache

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.ocsp import OCSPResponseStatus

from issuance.algorithms import SIGNATURE_ALGORITHMS
from issuance.authority.sign import sign_bytes
from issuance.der import read, write
from issuance.signers.protocol import Signer

HASHES: Mapping[str, str] = {
    "1.3.14.3.2.26": "sha1",
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
"""Hash algorithms accepted in a CertID, by OID: RFC 6960 section 4.3."""
MOST_ASKED = 8
"""Limit of certificates in one request; the profile of RFC 5019 has exactly one."""

LONGEST_SERIAL = 21
"""In octets. RFC 5280 section 4.1.2.2 allows 20; some old CAs used one more."""

_NULL = b"\x05\x00"
_BASIC = "1.3.6.1.5.5.7.48.1.1"
_VERSION, _REQUESTOR, _EXTENSIONS = 0xA0, 0xA1, 0xA2


class BadRequest(Exception):
    """The bytes are not an OCSP request, or exceed the limits for a request."""


class NotUnderstood(Exception):
    """The request has an unknown critical extension or an unsupported hash algorithm."""


@dataclass(frozen=True, slots=True)
class CertId:
    """CertID: the issuer by hashes of its name and key, and the serial number.

    ``algorithm`` is a hash name, a value of ``HASHES``. ``encoded`` is the CertID (DER) as the
    client sent it; the response repeats it.
    """

    algorithm: str
    name_hash: bytes
    key_hash: bytes
    serial: int
    encoded: bytes


@dataclass(frozen=True)
class Names:
    """An issuing CA as CertIDs identify it: by hashes of its name and key."""

    certificate: x509.Certificate

    def hashes(self, algorithm: str) -> tuple[bytes, bytes]:
        """The hashes of the CA's name and of its key bits: RFC 6960 section 4.1.1."""
        return self._hashes[algorithm]

    @cached_property
    def _hashes(self) -> dict[str, tuple[bytes, bytes]]:
        name, key = self.certificate.subject.public_bytes(), _key_bits(self.certificate)
        return {
            each: (hashlib.new(each, name).digest(), hashlib.new(each, key).digest())
            for each in HASHES.values()
        }

    def are_meant_by(self, asked: CertId) -> bool:
        """Whether the CertID names this CA as the issuer."""
        return (asked.name_hash, asked.key_hash) == self.hashes(asked.algorithm)

    def cert_id(self, algorithm: str, serial: int) -> bytes:
        """The CertID (DER) of one of the CA's certificates, as most clients encode it."""
        oid = next(oid for oid, name in HASHES.items() if name == algorithm)
        known = write.sequence(write.object_identifier(x509.ObjectIdentifier(oid)), _NULL)
        octets = (write.tlv(read.OCTET_STRING, each) for each in self.hashes(algorithm))
        return write.sequence(known, *octets, write.integer(serial))


def _key_bits(certificate: x509.Certificate) -> bytes:
    """The subjectPublicKey without tag, length and unused bits."""
    spki = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return read.bit_string(read.read(spki).children()[1])[0]


# ------------------------------------------------------------------ requests


@lru_cache(maxsize=2048)
def read_request(data: bytes) -> tuple[CertId, ...]:
    """The certificates that a request (DER) asks about. Signatures and nonces are ignored.

    Requests without a nonce about the same certificate are the same bytes, so results are cached.
    Raises BadRequest, NotUnderstood.
    """
    try:
        parts = read.read(data).expect(read.SEQUENCE).children()[0].expect(read.SEQUENCE).children()
        if parts and parts[0].tag == _VERSION:
            (version,) = parts.pop(0).children()
            if read.integer(version) != 0:
                raise BadRequest("version")
        if parts and parts[0].tag == _REQUESTOR:
            parts.pop(0)
        requests = parts.pop(0).expect(read.SEQUENCE).children()
        if not 1 <= len(requests) <= MOST_ASKED:
            raise BadRequest(f"{len(requests)} certificates")
        for extensions in parts:
            _refuse_critical(extensions.expect(_EXTENSIONS))
        return tuple(map(_read_one, requests))
    except (read.MalformedError, ValueError, IndexError) as error:
        raise BadRequest(str(error)) from error


def _read_one(request: read.Element) -> CertId:
    cert_id, *extensions = request.expect(read.SEQUENCE).children()
    for each in extensions:
        _refuse_critical(each.expect(_VERSION))
    algorithm, name_hash, key_hash, serial = cert_id.expect(read.SEQUENCE).children()
    identifier, *parameters = algorithm.expect(read.SEQUENCE).children()
    oid = read.object_identifier(identifier)
    if oid not in HASHES:
        raise NotUnderstood(oid)
    # The response repeats the CertID, so it must contain nothing the client could choose freely.
    if [each.encoded for each in parameters] not in ([], [_NULL]):
        raise BadRequest("parameters")
    if len(serial.content) > LONGEST_SERIAL:
        raise BadRequest("serial number")
    return CertId(
        algorithm=HASHES[oid],
        name_hash=name_hash.expect(read.OCTET_STRING).content,
        key_hash=key_hash.expect(read.OCTET_STRING).content,
        serial=read.integer(serial),
        encoded=cert_id.encoded,
    )


def _refuse_critical(tagged: read.Element) -> None:
    """Raise NotUnderstood for a critical extension; ignore others: RFC 6960 section 4.4."""
    (extensions,) = tagged.children()
    for each in extensions.expect(read.SEQUENCE).children():
        oid, *_, value = each.expect(read.SEQUENCE).children()
        value.expect(read.OCTET_STRING)
        if any(part.tag == read.BOOLEAN and part.content != b"\0" for part in each.children()):
            raise NotUnderstood(read.object_identifier(oid))


# ------------------------------------------------------------------ responses


class Standing(IntEnum):
    """The choice in CertStatus; the values are its context tag numbers."""

    GOOD = 0
    REVOKED = 1
    UNKNOWN = 2


@dataclass(frozen=True, slots=True)
class Status:
    """The status of one certificate. ``reason`` is encoded only if given and not "unspecified"."""

    standing: Standing
    revoked_at: datetime | None = None
    reason: x509.ReasonFlags | None = None

    def encoded(self) -> bytes:
        """The CertStatus, DER."""
        if self.revoked_at is None:
            return write.tlv(0x80 | self.standing)
        reason = b""
        if self.reason not in (None, x509.ReasonFlags.unspecified):
            code = read.read(x509.CRLReason(self.reason).public_bytes())
            reason = write.tlv(0xA0, code.encoded)
        return write.tlv(0xA1, write.generalized_time(self.revoked_at), reason)


@dataclass(frozen=True, slots=True)
class Single:
    """SingleResponse: the status of the certificate named by ``cert_id`` (DER); times in UTC.

    RFC 5019 section 2.2.4 requires ``next_update`` in every response.
    """

    cert_id: bytes
    status: Status
    this_update: datetime
    next_update: datetime

    def encoded(self) -> bytes:
        """The SingleResponse, DER."""
        until = write.tlv(0xA0, write.generalized_time(self.next_update))
        begun = write.generalized_time(self.this_update)
        return write.sequence(self.cert_id, self.status.encoded(), begun, until)


def respond(singles: Iterable[Single], responder: Signer, *, now: datetime) -> bytes:
    """A signed response (DER). It names the responder by key hash and encloses its certificate.

    ``responder`` is a delegated responder: its chain begins with its own certificate.
    """
    own = responder.chain[0]
    key_hash = hashlib.sha1(_key_bits(own)).digest()  # noqa: S324 - RFC 6960 section 4.2.1
    data = write.sequence(
        write.tlv(0xA2, write.tlv(read.OCTET_STRING, key_hash)),
        write.generalized_time(now),
        write.sequence(*(single.encoded() for single in singles)),
    )
    basic = write.sequence(
        data,
        SIGNATURE_ALGORITHMS[responder.branch].identifier,
        write.tlv(read.BIT_STRING, b"\0", sign_bytes(data, responder)),
        write.tlv(0xA0, write.sequence(own.public_bytes(Encoding.DER))),
    )
    kind = write.object_identifier(x509.ObjectIdentifier(_BASIC))
    whole = write.sequence(kind, write.tlv(read.OCTET_STRING, basic))
    return write.sequence(_ENUMERATED_SUCCESSFUL, write.tlv(0xA0, whole))


_ENUMERATED_SUCCESSFUL = write.tlv(0x0A, b"\0")


def refuse(status: OCSPResponseStatus) -> bytes:
    """An error response (DER); these are not signed: RFC 6960 section 2.3."""
    return write.sequence(write.tlv(0x0A, bytes((status.value,))))
