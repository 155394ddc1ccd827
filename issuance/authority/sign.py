"""One signature over bytes that were approved, and the proof that it is over just those."""

import hashlib

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from issuance.authority.build import HASHES
from issuance.der import signed
from issuance.plan import SubjectKey
from issuance.signers.protocol import Signer


class SignatureMismatch(Exception):
    """What came out is not what was approved, or not signed by whom it should be."""


def sign_certificate(tbs: bytes, tbs_sha256: str, signer: Signer) -> bytes:
    """The certificate (DER) over exactly ``tbs``, checked. Raises SignatureMismatch.

    The check costs one verification and catches a damaged store, a signer for another CA and
    a faulty signature alike, before anything leaves the worker.
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


def sign_bytes(data: bytes, signer: Signer) -> bytes:
    """The raw signature. ECDSA is deterministic where the key allows it (RFC 6979)."""
    key, algorithm = signer.private_key, HASHES[signer.branch]
    if isinstance(key, RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), algorithm)
    return key.sign(data, ec.ECDSA(algorithm, deterministic_signing=True))


def verify_bytes(data: bytes | memoryview, signature: bytes, key: SubjectKey) -> None:
    """Raise InvalidSignature unless ``signature`` is that of ``sign_bytes`` with this key."""
    if isinstance(key, RSAPublicKey):
        key.verify(signature, bytes(data), padding.PKCS1v15(), HASHES["rsa"])
    else:
        key.verify(signature, data, ec.ECDSA(HASHES["ec"]))
