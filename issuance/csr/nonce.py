"""ECDSA signatures with a guessable nonce, from which the private key can be computed."""

import hashlib
from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from issuance.csr.request import Request
from issuance.findings import Finding, found
from issuance.keys.computable import NONCE_BITS, nonce_of
from issuance.keys.curves import CURVES
from issuance.keys.policy import Key


def nonce_findings(request: Request, key: Key, digest: str) -> Iterator[Finding]:
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
