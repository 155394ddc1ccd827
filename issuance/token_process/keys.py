"""The operations on keys in a session. Arguments and results are values of JSON.

Only digests are sent to the token, since a CRL can have megabytes. In every session a key must
first sign a random challenge, which is verified with the public key of the certificate. Thus
another CA's key with the same label never signs anything.
"""

import secrets
from collections.abc import Iterator
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from pkcs11 import Attribute, KeyType, Mechanism, MechanismFlag, ObjectClass
from pkcs11.exceptions import PKCS11Error
from pkcs11.util.ec import encode_ec_public_key, encode_named_curve_parameters
from pkcs11.util.rsa import encode_rsa_public_key

from issuance.token_process.session import Failed, Failure, Session

PRIVATE = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False, Attribute.PRIVATE: True}
# Nothing else: the library's defaults would let an RSA key decrypt and unwrap, an EC key derive.
USES = MechanismFlag.SIGN | MechanismFlag.VERIFY
# DER of DigestInfo before the digest: RFC 8017 section 9.2, note 1.
DIGEST_INFO = {
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "sha384": bytes.fromhex("3041300d060960864801650304020205000430"),
    "sha512": bytes.fromhex("3051300d060960864801650304020305000440"),
}
_ALGORITHMS = {each.name: each for each in (hashes.SHA256(), hashes.SHA384(), hashes.SHA512())}


class WrongSignature(PKCS11Error):
    """The token's signature does not verify."""


def generate(at: Session, label: str, branch: str, rsa_bits: int) -> None:
    """Generate a key pair, not extractable."""
    facts: dict[str, Any] = {"label": label, "id": label.encode(), "store": True}
    facts |= {"private_template": PRIVATE, "capabilities": USES}
    if branch == "rsa":
        at.session.generate_keypair(KeyType.RSA, rsa_bits, **facts)
        return
    curve = {Attribute.EC_PARAMS: encode_named_curve_parameters("secp384r1")}
    parameters = at.session.create_domain_parameters(KeyType.EC, curve, local=True)
    parameters.generate_keypair(**facts)


def publics(at: Session, label: str) -> list[str]:
    """The public key (DER) of each key pair with this label.

    A public key without its private key is left out: a token that lost power may have only that.
    """
    found = {_encoded(each) for each in _objects(at, ObjectClass.PUBLIC_KEY, label)}
    return [public.hex() for public in sorted(found) if _search(at, label, public) is not None]


def prove(at: Session, label: str, public: str) -> None:
    """Verify that the token has the private key. Raises Failed."""
    _find(at, label, bytes.fromhex(public))


def sign(at: Session, label: str, public: str, digest: str, algorithm: str) -> str:
    """Sign a digest. Raises Failed."""
    der = bytes.fromhex(public)
    made = _verified(_find(at, label, der), bytes.fromhex(digest), _ALGORITHMS[algorithm], der)
    return made.hex()


def _find(at: Session, label: str, public: bytes) -> Any:
    handle = _search(at, label, public)
    if handle is not None:
        return handle
    if any(_objects(at, ObjectClass.PRIVATE_KEY, label)):
        why = f"{label}: the key in the token is not that of the certificate"
        raise Failed(Failure.MISMATCH, why)
    raise Failed(Failure.UNAVAILABLE, f"{label}: no such key in the token {at.label}")


def _search(at: Session, label: str, public: bytes) -> Any:
    """The private key's handle, verified against the public key in this session, or None."""
    if (label, public) not in at.proven:
        for handle in _objects(at, ObjectClass.PRIVATE_KEY, label):
            if _proves(handle, public):
                at.proven[label, public] = handle
                break
    return at.proven.get((label, public))


def _objects(at: Session, kind: ObjectClass, label: str) -> Iterator[Any]:
    yield from list(at.session.get_objects({Attribute.CLASS: kind, Attribute.LABEL: label}))


def _encoded(public: Any) -> bytes:
    encode = encode_rsa_public_key if public.key_type == KeyType.RSA else encode_ec_public_key
    key = serialization.load_der_public_key(encode(public))
    return key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _proves(handle: Any, public: bytes) -> bool:
    algorithm = hashes.SHA384()
    try:
        _verified(handle, secrets.token_bytes(algorithm.digest_size), algorithm, public)
    except WrongSignature:
        return False
    return True


def _verified(handle: Any, digest: bytes, algorithm: hashes.HashAlgorithm, public: bytes) -> bytes:
    """The signature. Raises WrongSignature: one made by a fault can give the private key away."""
    made, key = _raw(handle, digest, algorithm), serialization.load_der_public_key(public)
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(made, digest, padding.PKCS1v15(), Prehashed(algorithm))
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(made, digest, ec.ECDSA(Prehashed(algorithm)))
        else:
            raise InvalidSignature
    except InvalidSignature:
        raise WrongSignature from None
    return made


def _raw(handle: Any, digest: bytes, algorithm: hashes.HashAlgorithm) -> bytes:
    if handle.key_type == KeyType.RSA:
        info = DIGEST_INFO[algorithm.name] + digest
        return bytes(handle.sign(info, mechanism=Mechanism.RSA_PKCS))
    pair = bytes(handle.sign(digest, mechanism=Mechanism.ECDSA))
    half = len(pair) // 2  # the token returns r || s: PKCS#11 3.1, section 6.3.1
    return encode_dss_signature(int.from_bytes(pair[:half]), int.from_bytes(pair[half:]))
