"""Proof that somebody has a private key: a line signed with it, or named in a signed request. Pure.

A relying party learns nothing from the proof but that it was made: the line says what it is for,
so that a signature over it is of no use elsewhere, and one made elsewhere is none here.
"""

import base64
import binascii
from collections.abc import Callable, Iterator

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from issuance import csr, tlv
from issuance.csr.kinds import Kind, kind_of_der
from issuance.csr.pem import bare_base64
from issuance.csr.reading import File
from issuance.csr.request import parse_request
from issuance.keys import Key, read_key

MAX_BYTES = csr.MAX_BYTES
_HASHES = (hashes.SHA256(), hashes.SHA384(), hashes.SHA512())
# Editors and echo end a file with a line feed; Windows with two characters.
_ENDS = (b"", b"\n", b"\r\n")


def key_in(file: File) -> Key | None:
    """The public key of the first certificate, public key or request in a file.

    None unless it is of a kind that this authority certifies and can be used for a proof.
    """
    for der in _candidates(file):
        try:
            spki = _spki(der)
        except (tlv.MalformedError, ValueError, IndexError):
            continue
        key = read_key(spki) if spki else None
        if key is not None and key.public_key is not None:
            return key
    return None


def line(token: str, host: str) -> str:
    """The line to be signed, ASCII: what it is for, where, and the challenge."""
    return f"I hold this private key. {host} must revoke every certificate for it. {token}"


def is_proof(key: Key, text: str, token: str, proof: bytes) -> bool:
    """Whether ``proof`` shows possession of the key's private half.

    Taken are a signature over ``text`` (DER for EC, PKCS #1 v1.5 or PSS for RSA; SHA-256, SHA-384
    or SHA-512), as octets or in base64, and a certificate request with the token as common name.
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


def _spki(der: bytes) -> bytes | None:
    kind = kind_of_der(der)
    if kind is Kind.REQUEST:
        return parse_request(der).spki
    if kind is Kind.PUBLIC_KEY:
        return der
    if kind is Kind.CERTIFICATE:  # RFC 5280 section 4.1: the seventh field after [0] version
        fields = tlv.read(der).children()[0].children()
        return fields[6 if fields[0].tag == 0xA0 else 5].encoded
    return None


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
    return any(_accepts(public.verify, signature, message, one, digest) for one in schemes)


def _accepts(verify: Callable[..., None], *arguments: object) -> bool:
    try:
        verify(*arguments)
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        return False
    return True
