"""Proof of possession: the request's signature verifies with its own key, over a strong hash."""

import hashlib
from collections.abc import Iterator

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from issuance.csr.pss import PSS, PssParameters, pss_parameters
from issuance.csr.request import Request
from issuance.der import read
from issuance.findings import Finding, found
from issuance.keys.computable import NONCE_BITS, nonce_of
from issuance.keys.curves import CURVES
from issuance.keys.policy import Key

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
