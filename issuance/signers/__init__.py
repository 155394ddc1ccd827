"""Loads the signer of an issuing CA. Only ``issuance.services`` and system checks may call it.

The backend is chosen by ``settings.ISSUANCE_SIGNER`` (``BACKEND`` and ``OPTIONS``).
"""

import os
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.utils.module_loading import import_string

from issuance.signers.protocol import Signer, SignerBackend, SignerMismatch, SignerUnavailable
from issuance.signers.token import end_sessions


def load(stem: str, certificate: x509.Certificate) -> Signer:
    """The signer of the issuing CA ``stem``, verified to hold the private key of ``certificate``.

    It is cached per process, since loading an RSA-4096 key takes 0.2 s; a forked process loads
    its own. Raises SignerUnavailable, or SignerMismatch if the key or chain is another CA's.
    """
    return _load(os.getpid(), stem, certificate.public_bytes(Encoding.DER))


@lru_cache(maxsize=32)
def _load(_process: int, stem: str, certificate_der: bytes) -> Signer:
    signer = backend().load(stem)
    verify(signer)
    if signer.chain[0].public_bytes(Encoding.DER) != certificate_der:
        raise SignerMismatch(f"{stem}: the chain is not that of the registered CA")
    return signer


def backend() -> SignerBackend:
    """A new instance of the backend that the settings choose."""
    chosen: dict[str, Any] = settings.ISSUANCE_SIGNER
    made: SignerBackend = import_string(chosen["BACKEND"])(**chosen.get("OPTIONS", {}))
    return made


def forget() -> None:
    """Clear the cached signers and end sessions with tokens, in tests."""
    _load.cache_clear()
    end_sessions()


def verify(signer: Signer) -> None:
    """Raise SignerMismatch unless the key fits the first certificate and the chain is valid.

    Every certificate must be issued by the next, the last by itself, and every issuer be a CA.
    """
    if signer.private_key.public_key() != signer.chain[0].public_key():
        raise SignerMismatch("the key does not match the certificate")
    for subject, issuer in zip(signer.chain, (*signer.chain[1:], signer.chain[-1]), strict=True):
        constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
        try:
            subject.verify_directly_issued_by(issuer)
        except (InvalidSignature, ValueError, TypeError) as error:
            raise SignerMismatch("the chain does not hold together") from error
        if not constraints.ca:
            raise SignerMismatch("the chain has a certificate that is no CA's")
