"""Private keys that implement the library's key classes and sign in a PKCS#11 token.

Data is hashed here and only the digest is sent to the token, since a CRL can have megabytes.
In every session the key must first sign a random challenge, which is verified with the public
key of the certificate. Thus another CA's key with the same label never signs anything.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass

from issuance.certificate.plan import SubjectKey
from issuance.signers.protocol import SignerMismatch, SignerUnavailable, SigningKey
from issuance.signers.token import Connection, TokenAddress, token

_SPKI = PublicFormat.SubjectPublicKeyInfo
# DER of DigestInfo before the digest: RFC 8017 section 9.2, note 1.
DIGEST_INFO = {
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "sha384": bytes.fromhex("3041300d060960864801650304020205000430"),
    "sha512": bytes.fromhex("3051300d060960864801650304020305000440"),
}


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
        token(self.address).use(self.find)
        return RsaKey(self) if isinstance(self.public, rsa.RSAPublicKey) else EcKey(self)

    def sign(self, digest: bytes, algorithm: hashes.HashAlgorithm) -> bytes:
        """Sign a digest in the token. Raises SignerUnavailable, SignerMismatch."""
        return token(self.address).use(lambda at: _raw(self.find(at), digest, algorithm))

    def find(self, at: Connection) -> Any:
        """The key's handle in this session, verified against the public key."""
        name = (self.label, self.public.public_bytes(Encoding.DER, _SPKI))
        if name not in at.proven:
            at.proven[name] = self._search(at)
        return at.proven[name]

    def _search(self, at: Connection) -> Any:
        found = list(self._candidates(at))
        if not found:
            raise SignerUnavailable(f"{self.label}: no such key in the token {self.address.label}")
        for handle in found:
            if _proves(handle, self.public):
                return handle
        raise SignerMismatch(f"{self.label}: the key in the token is not that of the certificate")

    def _candidates(self, at: Connection) -> Iterator[Any]:
        wanted = {Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.LABEL: self.label}
        yield from at.session.get_objects(wanted)


def _raw(handle: Any, digest: bytes, algorithm: hashes.HashAlgorithm) -> bytes:
    if handle.key_type == KeyType.RSA:
        info = DIGEST_INFO[algorithm.name] + digest
        return bytes(handle.sign(info, mechanism=Mechanism.RSA_PKCS))
    pair = bytes(handle.sign(digest, mechanism=Mechanism.ECDSA))
    half = len(pair) // 2  # the token returns r || s: PKCS#11 3.1, section 6.3.1
    return encode_dss_signature(int.from_bytes(pair[:half]), int.from_bytes(pair[half:]))


def _proves(handle: Any, public: SubjectKey) -> bool:
    algorithm = hashes.SHA384()
    challenge = secrets.token_bytes(algorithm.digest_size)
    try:
        signature = _raw(handle, challenge, algorithm)
        if isinstance(public, rsa.RSAPublicKey):
            public.verify(signature, challenge, padding.PKCS1v15(), Prehashed(algorithm))
        else:
            public.verify(signature, challenge, ec.ECDSA(Prehashed(algorithm)))
    except InvalidSignature:
        return False
    return True


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
