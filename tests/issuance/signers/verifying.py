"""Verifying signatures with the public key."""

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from issuance.signers import Signer


def verify(signature: bytes, signer: Signer) -> None:
    public = signer.chain[0].public_key()
    if isinstance(public, EllipticCurvePublicKey):
        public.verify(signature, b"bytes", ECDSA(hashes.SHA384()))
    else:
        assert isinstance(public, RSAPublicKey)
        public.verify(signature, b"bytes", PKCS1v15(), hashes.SHA512())
