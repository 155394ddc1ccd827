"""Signs approved bytes and verifies that the signature covers exactly those bytes."""

import hashlib
from collections.abc import Iterable

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import HashAlgorithm

from issuance.algorithms import SIGNATURE_ALGORITHMS
from issuance.certificate.plan import SubjectKey
from issuance.der.write import signed
from issuance.signers.protocol import Signer


class SignatureMismatch(Exception):
    """The bytes signed are not those approved, or the signature is not the issuer's."""


def sign_certificate(tbs: bytes, tbs_sha256: str, signer: Signer) -> bytes:
    """Sign exactly ``tbs`` and return the verified certificate (DER). Raises SignatureMismatch.

    ``tbs_sha256`` is the approved hash, in hex. The verification catches damaged stored bytes,
    another CA's signer and a faulty signature before the certificate leaves the worker.
    """
    if hashlib.sha256(tbs).hexdigest() != tbs_sha256:
        raise SignatureMismatch("the stored bytes are not those approved")
    der = signed(tbs, signer.branch, sign_bytes(tbs, signer))
    verify_certificate(der, tbs, signer.chain[0])
    return der


def verify_certificate(der: bytes, tbs: bytes, issuer: x509.Certificate) -> None:
    """Raise SignatureMismatch unless ``der`` is ``tbs`` signed by ``issuer``."""
    certificate = x509.load_der_x509_certificate(der)
    if certificate.tbs_certificate_bytes != tbs:
        raise SignatureMismatch("the signed bytes differ from the approved ones")
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError) as error:
        raise SignatureMismatch(f"not issued by {issuer.subject.rfc4514_string()}") from error


def sign_bytes(data: bytes, signer: Signer, algorithm: HashAlgorithm | None = None) -> bytes:
    """The raw signature, with the branch's hash algorithm if none is given.

    Keys in software sign ECDSA deterministically (RFC 6979).
    """
    key, algorithm = signer.private_key, algorithm or SIGNATURE_ALGORITHMS[signer.branch].hash
    if isinstance(key, RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), algorithm)
    return key.sign(data, ec.ECDSA(algorithm, deterministic_signing=True))


def sign_parts(parts: Iterable[bytes | memoryview], signer: Signer) -> bytes:
    """As ``sign_bytes``, over the joined parts, without joining them: a list may have 50 MB."""
    key, algorithm = signer.private_key, SIGNATURE_ALGORITHMS[signer.branch].hash
    digest, prehashed = hashes.Hash(algorithm), Prehashed(algorithm)
    for each in parts:
        digest.update(each)
    if isinstance(key, RSAPrivateKey):
        return key.sign(digest.finalize(), padding.PKCS1v15(), prehashed)
    return key.sign(digest.finalize(), ec.ECDSA(prehashed, deterministic_signing=True))


def verify_bytes(
    data: bytes | memoryview, signature: bytes, key: SubjectKey, algorithm: HashAlgorithm
) -> None:
    """Raise InvalidSignature unless ``signature`` verifies; counterpart of ``sign_bytes``."""
    if isinstance(key, RSAPublicKey):
        key.verify(signature, bytes(data), padding.PKCS1v15(), algorithm)
    else:
        key.verify(signature, data, ec.ECDSA(algorithm))
