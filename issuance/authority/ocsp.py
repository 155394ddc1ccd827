"""Online status: requests and responses of RFC 6960, in the lightweight profile of RFC 5019.

Written out by hand because the library reads and makes responses about one certificate only, and
signs with a key's own algorithms; the encodings themselves come from ``issuance.der``.
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

from issuance import der, tlv
from issuance.authority.sign import sign_bytes
from issuance.signers.protocol import Signer

HASHES: Mapping[str, str] = {
    "1.3.14.3.2.26": "sha1",
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
"""Names of the algorithms a client may hash the issuer with: RFC 6960 section 4.3."""
MOST_ASKED = 8
"""Certificates one request may ask about; the profile of RFC 5019 has one."""

LONGEST_SERIAL = 21
"""Octets; RFC 5280 section 4.1.2.2 allows 20, and some CAs of old took one more."""

_NULL = b"\x05\x00"
_BASIC = "1.3.6.1.5.5.7.48.1.1"
_VERSION, _REQUESTOR, _EXTENSIONS = 0xA0, 0xA1, 0xA2


class BadRequest(Exception):
    """The bytes are no OCSP request, or ask for more than one answers at once."""


class NotUnderstood(Exception):
    """The request has a critical extension, or an algorithm, that is not known here."""


@dataclass(frozen=True, slots=True)
class CertId:
    """Which certificate is asked about: issuer by two hashes, and serial number.

    ``encoded`` is the identifier as the client wrote it: the response must repeat it.
    """

    algorithm: str
    name_hash: bytes
    key_hash: bytes
    serial: int
    encoded: bytes


@dataclass(frozen=True)
class Names:
    """An issuing CA as clients name it in their requests."""

    certificate: x509.Certificate

    def hashes(self, algorithm: str) -> tuple[bytes, bytes]:
        """Hash of the name and of the key's bits: RFC 6960 section 4.1.1."""
        return self._hashes[algorithm]

    @cached_property
    def _hashes(self) -> dict[str, tuple[bytes, bytes]]:
        name, key = self.certificate.subject.public_bytes(), _key_bits(self.certificate)
        return {
            each: (hashlib.new(each, name).digest(), hashlib.new(each, key).digest())
            for each in HASHES.values()
        }

    def are_meant_by(self, asked: CertId) -> bool:
        """Whether the request is about a certificate of this CA."""
        return (asked.name_hash, asked.key_hash) == self.hashes(asked.algorithm)

    def cert_id(self, algorithm: str, serial: int) -> bytes:
        """The identifier (DER) of one of its certificates, as most clients write it."""
        oid = next(oid for oid, name in HASHES.items() if name == algorithm)
        known = der.sequence(der.object_identifier(x509.ObjectIdentifier(oid)), _NULL)
        octets = (der.tlv(tlv.OCTET_STRING, each) for each in self.hashes(algorithm))
        return der.sequence(known, *octets, der.integer(serial))


def _key_bits(certificate: x509.Certificate) -> bytes:
    """The subjectPublicKey without tag, length and unused bits."""
    spki = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return tlv.bit_string(tlv.read(spki).children()[1])[0]


# ------------------------------------------------------------------ requests


@lru_cache(maxsize=2048)
def read_request(data: bytes) -> tuple[CertId, ...]:
    """What a request (DER) asks about. Signatures and nonces are passed over.

    Clients without a nonce ask about a certificate in the same bytes, so many are remembered.
    Raises BadRequest, NotUnderstood.
    """
    try:
        return _read_request(data)
    except (tlv.MalformedError, ValueError, IndexError) as error:
        raise BadRequest(str(error)) from error


def _read_request(data: bytes) -> tuple[CertId, ...]:
    parts = tlv.read(data).expect(tlv.SEQUENCE).children()[0].expect(tlv.SEQUENCE).children()
    if parts and parts[0].tag == _VERSION:
        (version,) = parts.pop(0).children()
        if tlv.integer(version) != 0:
            raise BadRequest("version")
    if parts and parts[0].tag == _REQUESTOR:
        parts.pop(0)
    requests = parts.pop(0).expect(tlv.SEQUENCE).children()
    if not 1 <= len(requests) <= MOST_ASKED:
        raise BadRequest(f"{len(requests)} certificates")
    for extensions in parts:
        _look_at_extensions(extensions.expect(_EXTENSIONS))
    return tuple(map(_read_one, requests))


def _read_one(request: tlv.Element) -> CertId:
    cert_id, *extensions = request.expect(tlv.SEQUENCE).children()
    for each in extensions:
        _look_at_extensions(each.expect(_VERSION))
    algorithm, name_hash, key_hash, serial = cert_id.expect(tlv.SEQUENCE).children()
    identifier, *parameters = algorithm.expect(tlv.SEQUENCE).children()
    oid = tlv.object_identifier(identifier)
    if oid not in HASHES:
        raise NotUnderstood(oid)
    # The answer repeats it all, so nothing of the asker's own fancy may be in it.
    if [each.encoded for each in parameters] not in ([], [_NULL]):
        raise BadRequest("parameters")
    if len(serial.content) > LONGEST_SERIAL:
        raise BadRequest("serial number")
    return CertId(
        algorithm=HASHES[oid],
        name_hash=name_hash.expect(tlv.OCTET_STRING).content,
        key_hash=key_hash.expect(tlv.OCTET_STRING).content,
        serial=tlv.integer(serial),
        encoded=cert_id.encoded,
    )


def _look_at_extensions(tagged: tlv.Element) -> None:
    """Pass over all extensions but critical ones: RFC 6960 section 4.4."""
    (extensions,) = tagged.children()
    for each in extensions.expect(tlv.SEQUENCE).children():
        oid, *_, value = each.expect(tlv.SEQUENCE).children()
        value.expect(tlv.OCTET_STRING)
        if any(part.tag == tlv.BOOLEAN and part.content != b"\0" for part in each.children()):
            raise NotUnderstood(tlv.object_identifier(oid))


# ------------------------------------------------------------------ responses


class Standing(IntEnum):
    """CertStatus; the values are the numbers of its tags."""

    GOOD = 0
    REVOKED = 1
    UNKNOWN = 2


@dataclass(frozen=True, slots=True)
class Status:
    """The standing of one certificate; ``reason`` is left out where none was given."""

    standing: Standing
    revoked_at: datetime | None = None
    reason: x509.ReasonFlags | None = None

    def encoded(self) -> bytes:
        """The CertStatus, DER."""
        if self.revoked_at is None:
            return der.tlv(0x80 | self.standing)
        reason = b""
        if self.reason not in (None, x509.ReasonFlags.unspecified):
            code = tlv.read(x509.CRLReason(self.reason).public_bytes())
            reason = der.tlv(0xA0, code.encoded)
        return der.tlv(0xA1, der.generalized_time(self.revoked_at), reason)


@dataclass(frozen=True, slots=True)
class Single:
    """What is said of one certificate, which ``cert_id`` (DER) names; times in UTC.

    RFC 5019 section 2.2.4 wants ``next_update`` in every answer.
    """

    cert_id: bytes
    status: Status
    this_update: datetime
    next_update: datetime

    def encoded(self) -> bytes:
        """The SingleResponse, DER."""
        until = der.tlv(0xA0, der.generalized_time(self.next_update))
        begun = der.generalized_time(self.this_update)
        return der.sequence(self.cert_id, self.status.encoded(), begun, until)


def respond(singles: Iterable[Single], responder: Signer, *, now: datetime) -> bytes:
    """A signed response (DER). The responder is named by its key, and its certificate enclosed.

    ``responder`` is a delegated one: its chain begins with its own certificate.
    """
    own = responder.chain[0]
    key_hash = hashlib.sha1(_key_bits(own)).digest()  # noqa: S324 - RFC 6960 section 4.2.1
    data = der.sequence(
        der.tlv(0xA2, der.tlv(tlv.OCTET_STRING, key_hash)),
        der.generalized_time(now),
        der.sequence(*(single.encoded() for single in singles)),
    )
    basic = der.sequence(
        data,
        der.SIGNATURE_ALGORITHM[responder.branch],
        der.tlv(tlv.BIT_STRING, b"\0", sign_bytes(data, responder)),
        der.tlv(0xA0, der.sequence(own.public_bytes(Encoding.DER))),
    )
    kind = der.object_identifier(x509.ObjectIdentifier(_BASIC))
    whole = der.sequence(kind, der.tlv(tlv.OCTET_STRING, basic))
    return der.sequence(_ENUMERATED_SUCCESSFUL, der.tlv(0xA0, whole))


_ENUMERATED_SUCCESSFUL = der.tlv(0x0A, b"\0")


def refuse(status: OCSPResponseStatus) -> bytes:
    """A response without an answer: it is not signed, RFC 6960 section 2.3."""
    return der.sequence(der.tlv(0x0A, bytes((status.value,))))
