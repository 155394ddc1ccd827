"""The parameters of an RSASSA-PSS signature: RFC 4055 section 3.1, RFC 8017 appendix A.2.3."""

from dataclasses import dataclass

from issuance.csr.request import Request
from issuance.der import read

PSS = "1.2.840.113549.1.1.10"
_MGF1 = "1.2.840.113549.1.1.8"
_HASH_OIDS = {
    "2.16.840.1.101.3.4.2.1": "SHA-256",
    "2.16.840.1.101.3.4.2.2": "SHA-384",
    "2.16.840.1.101.3.4.2.3": "SHA-512",
    "2.16.840.1.101.3.4.2.4": "SHA-224",
    "1.3.14.3.2.26": "SHA-1",
}
_LONGEST_SALT = 512
"""Octets of the longest certified modulus; the salt is always shorter."""


@dataclass(frozen=True, slots=True)
class PssParameters:
    """The parameters of a signature; defaults as in RFC 4055 section 3.1.

    ``digest`` is the hash and ``mask`` the hash of MGF1, as names, or as OIDs if unknown; ``mask``
    is the function's OID if it is not MGF1. ``salt`` is the salt's length in octets.
    """

    digest: str = "SHA-1"
    mask: str = "SHA-1"
    salt: int = 20


def pss_parameters(request: Request) -> PssParameters:
    """The parameters of the request's signature, with defaults for absent fields.

    Raises ``read.MalformedError`` if they do not follow the standard.
    """
    if not request.signature_parameters:
        return PssParameters()
    fields = read.read(request.signature_parameters).expect(read.SEQUENCE).children()
    stated = {field.tag: _only(field) for field in fields}
    if [field.tag for field in fields] != [tag for tag in range(0xA0, 0xA4) if tag in stated]:
        raise read.MalformedError("structure", 0)
    salt = read.integer(stated[0xA2]) if 0xA2 in stated else 20
    trailer = read.integer(stated[0xA3]) if 0xA3 in stated else 1
    if trailer != 1 or not 0 <= salt <= _LONGEST_SALT:
        raise read.MalformedError("structure", 0)
    digest, mask = stated.get(0xA0), stated.get(0xA1)
    return PssParameters(
        _hash(digest) if digest else "SHA-1", _mask(mask) if mask else "SHA-1", salt
    )


def _only(field: read.Element) -> read.Element:
    content = field.children()
    if len(content) != 1:
        raise read.MalformedError("structure", field.start)
    return content[0]


def _hash(algorithm: read.Element) -> str:
    oid = read.object_identifier(_first(algorithm))
    return _HASH_OIDS.get(oid, oid)


def _mask(algorithm: read.Element) -> str:
    oid = read.object_identifier(_first(algorithm))
    if oid != _MGF1:
        return oid
    parts = algorithm.children()
    if len(parts) != 2:
        raise read.MalformedError("structure", algorithm.start)
    return _hash(parts[1])


def _first(algorithm: read.Element) -> read.Element:
    parts = algorithm.expect(read.SEQUENCE).children()
    if not parts:
        raise read.MalformedError("structure", algorithm.start)
    return parts[0]
