"""Proof of possession: the request's signature verifies with its own key, over a strong hash."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from issuance.csr.request import Request
from issuance.der import read
from issuance.findings import Finding, found
from issuance.keys.computable import NONCE_BITS, nonce_of
from issuance.keys.curves import CURVES
from issuance.keys.policy import Key

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
    """The parameters of RSASSA-PSS; defaults as in RFC 4055 section 3.1, RFC 8017 appendix A.2.3.

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


WANTED = "SHA-256, SHA-384, SHA-512"
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "SHA-256": hashes.SHA256(),
    "SHA-384": hashes.SHA384(),
    "SHA-512": hashes.SHA512(),
}
_MASKS: dict[str, hashes.HashAlgorithm] = {
    **_HASHES,
    "SHA-224": hashes.SHA224(),
    "SHA-1": hashes.SHA1(),  # noqa: S303 - refused anyway, only told apart
}
_ALGORITHMS = {
    "1.2.840.113549.1.1.11": ("RSA", "SHA-256"),
    "1.2.840.113549.1.1.12": ("RSA", "SHA-384"),
    "1.2.840.113549.1.1.13": ("RSA", "SHA-512"),
    "1.2.840.10045.4.3.2": ("EC", "SHA-256"),
    "1.2.840.10045.4.3.3": ("EC", "SHA-384"),
    "1.2.840.10045.4.3.4": ("EC", "SHA-512"),
    "1.2.840.113549.1.1.2": ("RSA", "MD2"),
    "1.2.840.113549.1.1.3": ("RSA", "MD4"),
    "1.2.840.113549.1.1.4": ("RSA", "MD5"),
    "1.3.14.3.2.3": ("RSA", "MD5"),
    "1.2.840.113549.1.1.5": ("RSA", "SHA-1"),
    "1.3.14.3.2.29": ("RSA", "SHA-1"),
    "1.3.14.3.2.15": ("RSA", "SHA-0"),
    "1.3.36.3.3.1.2": ("RSA", "RIPEMD-160"),
    "1.2.840.113549.1.1.14": ("RSA", "SHA-224"),
    "1.2.840.113549.1.1.15": ("RSA", "SHA-512/224"),
    "1.2.840.113549.1.1.16": ("RSA", "SHA-512/256"),
    "2.16.840.1.101.3.4.3.13": ("RSA", "SHA3-224"),
    "2.16.840.1.101.3.4.3.14": ("RSA", "SHA3-256"),
    "2.16.840.1.101.3.4.3.15": ("RSA", "SHA3-384"),
    "2.16.840.1.101.3.4.3.16": ("RSA", "SHA3-512"),
    "1.2.840.10045.4.1": ("EC", "SHA-1"),
    "1.2.840.10045.4.3.1": ("EC", "SHA-224"),
    "2.16.840.1.101.3.4.3.9": ("EC", "SHA3-224"),
    "2.16.840.1.101.3.4.3.10": ("EC", "SHA3-256"),
    "2.16.840.1.101.3.4.3.11": ("EC", "SHA3-384"),
    "2.16.840.1.101.3.4.3.12": ("EC", "SHA3-512"),
    "1.2.840.10040.4.3": ("DSA", "SHA-1"),
    "1.3.14.3.2.27": ("DSA", "SHA-1"),
}


def algorithm_of(request: Request) -> tuple[str, str] | None:
    """Key type ("RSA", "EC", "DSA") and hash of the signature; None if the algorithm is unknown.

    The hash is "?" if the RSASSA-PSS parameters are malformed.
    """
    if request.signature_oid == PSS:
        return "RSA", _pss_hash(request)
    return _ALGORITHMS.get(request.signature_oid)


def algorithm_name(request: Request) -> str:
    """The algorithm's name, such as "RSA with SHA-256", or the OID if it is unknown."""
    algorithm = algorithm_of(request)
    if algorithm is None:
        return request.signature_oid
    kind, digest = algorithm
    pss = "-PSS" if request.signature_oid == PSS else ""
    return f"{'ECDSA' if kind == 'EC' else kind + pss} with {digest}"


def _pss_hash(request: Request) -> str:
    try:
        return pss_parameters(request).digest
    except read.MalformedError:
        return "?"


def signature_findings(request: Request, key: Key) -> Iterator[Finding]:
    """Findings about algorithm and parameters, and about the signature if the key can verify."""
    algorithm = algorithm_of(request)
    if algorithm is None:
        if key.facts.kind != "other":
            yield found("signature.unknown", value=request.signature_oid, wanted=WANTED)
        return
    kind, digest = algorithm
    if digest not in _HASHES and digest != "?":
        yield found("signature.weak", value=digest, wanted=WANTED)
    yield from _parameters(request, kind)
    if key.point and kind == "EC":
        yield from _nonce(request, key, digest)
    if key.public_key is None or digest == "?":
        return
    if request.signature_oid == PSS and kind == key.facts.kind and digest in _HASHES:
        yield from _pss(request, key, pss_parameters(request))
    elif not _verifies(request, key, algorithm):
        yield found("signature.invalid", value=algorithm_name(request))


def _parameters(request: Request, kind: str) -> Iterator[Finding]:
    """Parameters: NULL or absent for RSA (RFC 4055 2.1), absent for ECDSA (RFC 5758 3.2)."""
    if request.signature_oid == PSS:
        if _pss_hash(request) == "?":
            yield found("signature.parameters")
        return
    taken = (b"", b"\x05\x00") if kind == "RSA" else (b"",)
    if request.signature_parameters not in taken:
        yield found("signature.parameters")


def _pss(request: Request, key: Key, stated: PssParameters) -> Iterator[Finding]:
    """Verify an RSASSA-PSS signature with the parameters that the request states.

    The hash of MGF1 may be any of SHA-256, SHA-384 and SHA-512, even if it differs from the hash
    of the message (RFC 4055 section 3.1 recommends the same hash but does not require it).
    """
    if stated.mask not in _HASHES:
        yield found("signature.pss_mask", value=stated.mask, wanted=WANTED)
    if stated.mask not in _MASKS:
        return
    mask, digest = padding.MGF1(_MASKS[stated.mask]), _HASHES[stated.digest]
    if _fits(request, key, padding.PSS(mask, stated.salt), digest):
        return
    if _fits(request, key, padding.PSS(mask, padding.PSS.AUTO), digest):
        yield found("signature.pss_salt", value=stated.salt)
    else:
        yield found("signature.invalid", value=algorithm_name(request))


def _fits(
    request: Request, key: Key, scheme: padding.AsymmetricPadding, digest: hashes.HashAlgorithm
) -> bool:
    if request.unused_bits:
        return False
    try:
        key.public_key.verify(request.signature, request.info, scheme, digest)
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        return False
    return True


def _verifies(request: Request, key: Key, algorithm: tuple[str, str]) -> bool:
    kind, digest = algorithm
    if request.unused_bits or key.facts.kind != kind:
        return False
    if digest not in _HASHES:
        return _verifies_weakly(request, key, digest)
    try:
        _verify(request, key, _HASHES[digest])
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        return False
    return True


def _verify(request: Request, key: Key, digest: hashes.HashAlgorithm) -> None:
    if key.facts.kind == "EC":
        key.public_key.verify(request.signature, request.info, ec.ECDSA(digest))
    else:
        key.public_key.verify(request.signature, request.info, padding.PKCS1v15(), digest)


def _verifies_weakly(request: Request, key: Key, digest: str) -> bool:
    """Whether a SHA-1 signature verifies; True without a check for the other refused hashes."""
    if digest != "SHA-1" or request.signature_oid == PSS:
        return True
    try:
        _verify(request, key, hashes.SHA1())  # noqa: S303 - refused anyway, only told apart
    except InvalidSignature:
        return False
    except (ValueError, UnsupportedAlgorithm):
        return True
    return True


def _nonce(request: Request, key: Key, digest: str) -> Iterator[Finding]:
    """A finding if the signature reveals the private key; a request is not secret."""
    try:
        r, s = decode_dss_signature(request.signature)
    except ValueError:
        return
    curve = CURVES[key.facts.name]
    if 0 < r < curve.n and 0 < s < curve.n and (nonce := nonce_of(curve.name, r)):
        hashed = _hash_number(request.info, digest, curve.octets)
        public, inverse = curve.point(key.point), pow(r, -1, curve.n)
        scalars = ((s * k - hashed) * inverse % curve.n for k in (nonce, -nonce))
        if any(curve.has_scalar(public, scalar) for scalar in scalars):
            yield found("key.nonce", value=NONCE_BITS)


def _hash_number(data: bytes, digest: str, octets: int) -> int:
    """The hash as the signed integer: its leftmost octets (FIPS 186-5 section 6.4.1)."""
    name = digest.lower().replace("sha-", "sha").replace("-", "_")
    return int.from_bytes(hashlib.new(name, data, usedforsecurity=False).digest()[:octets])
