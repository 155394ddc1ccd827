"""Proof of possession of a private key, by a signed line or a signed request with a token. Pure.

The line states its purpose, so that a signature over it cannot be used for anything else, and a
signature made for another purpose is not accepted here.
"""

import base64
import binascii
from collections.abc import Callable, Iterator

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from issuance import csr
from issuance.csr.pem import bare_base64
from issuance.csr.reading import File
from issuance.csr.request import spki_in
from issuance.keys.policy import Key, read_key

MAX_BYTES = csr.MAX_BYTES
_HASHES = (hashes.SHA256(), hashes.SHA384(), hashes.SHA512())
# Editors and echo add a line feed to the file, Windows adds CR and LF.
_ENDS = (b"", b"\n", b"\r\n")


def key_in(file: File) -> Key | None:
    """The first of `keys_in`; None if there is none."""
    return next(keys_in(file), None)


def keys_in(file: File) -> Iterator[Key]:
    """The usable public keys of the certificates, public keys and requests in a file.

    A key is usable if it is of a type that this authority certifies.
    """
    for der in _candidates(file):
        key = read_key(spki) if (spki := spki_in(der)) else None
        if key is not None and key.public_key is not None:
            yield key


def line(token: str, host: str) -> str:
    """The line to sign (ASCII): the purpose, this service's host name, and the challenge."""
    return f"I hold this private key. {host} must revoke every certificate for it. {token}"


def is_proof(key: Key, text: str, token: str, proof: bytes) -> bool:
    """Whether ``proof`` shows possession of the private key of ``key``.

    Accepted: a signature over ``text`` (DER for EC, PKCS#1 v1.5 or PSS for RSA; SHA-256, SHA-384
    or SHA-512), binary or in base64; or a certificate request with the token as common name.
    """
    if _is_request(key, token, proof):
        return True
    messages = [text.encode() + end for end in _ENDS]
    return any(_verifies(key, signature, messages) for signature in _signatures(proof))


def _candidates(file: File) -> Iterator[bytes]:
    yield from (block.der for block in file.blocks if block.der)
    if not file.blocks:
        yield file.data
        yield bare_base64(file.text)[0]


def _is_request(key: Key, token: str, proof: bytes) -> bool:
    report = csr.examine(proof)
    if report.csr is None or report.csr.values("CN") != [token]:
        return False
    if any(finding.rule.startswith("signature.") for finding in report.findings):
        return False
    return read_key(report.csr.spki).facts.spki_sha256 == key.facts.spki_sha256


def _signatures(proof: bytes) -> Iterator[bytes]:
    yield proof
    try:
        yield base64.b64decode(b"".join(proof.split()), validate=True)
    except binascii.Error:
        return


def _verifies(key: Key, signature: bytes, messages: list[bytes]) -> bool:
    tries = ((digest, message) for digest in _HASHES for message in messages)
    return any(_fits(key, signature, message, digest) for digest, message in tries)


def _fits(key: Key, signature: bytes, message: bytes, digest: hashes.HashAlgorithm) -> bool:
    public = key.public_key
    if not isinstance(public, RSAPublicKey):
        return _accepts(public.verify, signature, message, ec.ECDSA(digest))
    pss = padding.PSS(padding.MGF1(digest), padding.PSS.AUTO)
    schemes: tuple[padding.AsymmetricPadding, ...] = (padding.PKCS1v15(), pss)
    return any(_accepts(public.verify, signature, message, scheme, digest) for scheme in schemes)


def _accepts(verify: Callable[..., None], *arguments: object) -> bool:
    try:
        verify(*arguments)
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        return False
    return True
