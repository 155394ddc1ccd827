"""Private keys that implement the library's key classes and sign in a PKCS#11 token.

Data is hashed here and only the digest is sent to the token, since a CRL can have megabytes.
"""

from dataclasses import dataclass
from typing import Any, NoReturn, Self

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from issuance.certificate.plan import SubjectKey
from issuance.signers.protocol import SigningKey
from issuance.signers.token import TokenAddress, token


@dataclass(frozen=True, slots=True)
class KeyInToken:
    """The location of a private key and the public key that it must match."""

    address: TokenAddress
    label: str
    public: SubjectKey

    def as_signing_key(self) -> SigningKey:
        """The key as a private key object of the library.

        Raises SignerUnavailable, SignerMismatch.
        """
        self._ask("prove")
        return RsaKey(self) if isinstance(self.public, rsa.RSAPublicKey) else EcKey(self)

    def sign(self, digest: bytes, algorithm: hashes.HashAlgorithm) -> bytes:
        """Sign a digest in the token. Raises SignerUnavailable, SignerMismatch."""
        made: str = self._ask("sign", digest=digest.hex(), algorithm=algorithm.name)
        return bytes.fromhex(made)

    def _ask(self, what: str, **about: str) -> Any:
        public = self.public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return token(self.address).ask(what, label=self.label, public=public.hex(), **about)


_BY_SIZE = {each.digest_size: each for each in (hashes.SHA256(), hashes.SHA384(), hashes.SHA512())}


def _digest(data: Any, algorithm: object) -> tuple[bytes, hashes.HashAlgorithm]:
    if isinstance(algorithm, Prehashed):
        return data, _BY_SIZE[algorithm.digest_size]
    if not isinstance(algorithm, hashes.HashAlgorithm):
        raise NotImplementedError("the token is given digests made here")
    digest = hashes.Hash(algorithm)
    digest.update(data)
    return digest.finalize(), algorithm


class _Kept:
    """Common part of both key types: the key cannot be exported, and it only signs."""

    _key: KeyInToken

    def __init__(self, key: KeyInToken) -> None:
        self._key = key

    @property
    def key_size(self) -> int:
        """Size in bits."""
        return self._key.public.key_size

    def private_numbers(self) -> NoReturn:
        raise NotImplementedError("the key does not leave the token")

    def private_bytes(self, *_: object, **__: object) -> NoReturn:
        raise NotImplementedError("the key does not leave the token")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self


class RsaKey(_Kept, rsa.RSAPrivateKey):
    """An RSA private key in the token; PKCS#1 v1.5 signatures only."""

    def public_key(self) -> rsa.RSAPublicKey:
        assert isinstance(self._key.public, rsa.RSAPublicKey)
        return self._key.public

    def sign(self, data: Any, padding: Any, algorithm: Any) -> bytes:
        """Sign in the token. Raises SignerUnavailable, SignerMismatch."""
        if padding.name != "EMSA-PKCS1-v1_5":
            raise NotImplementedError(padding.name)
        return self._key.sign(*_digest(data, algorithm))

    def decrypt(self, ciphertext: bytes, padding: Any) -> NoReturn:
        raise NotImplementedError("the key only signs")


class EcKey(_Kept, ec.EllipticCurvePrivateKey):
    """An EC private key in the token. The token chooses the nonce: signatures differ each time."""

    def public_key(self) -> ec.EllipticCurvePublicKey:
        assert isinstance(self._key.public, ec.EllipticCurvePublicKey)
        return self._key.public

    @property
    def curve(self) -> ec.EllipticCurve:
        return self.public_key().curve

    def sign(self, data: Any, signature_algorithm: Any) -> bytes:
        """Sign in the token. Raises SignerUnavailable, SignerMismatch."""
        return self._key.sign(*_digest(data, signature_algorithm.algorithm))

    def exchange(self, algorithm: Any, peer_public_key: Any) -> NoReturn:
        raise NotImplementedError("the key only signs")
