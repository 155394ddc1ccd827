"""Which public keys may be certified: type, size and known weaknesses. Pure.

Independent of requests and orders: the rules only read the numbers of the key.
"""

import hashlib
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from issuance.der import read
from issuance.findings import PRIVATE_KEY_KNOWN, Finding, found
from issuance.keys.computable import weakness
from issuance.keys.published import is_published
from issuance.keys.rsa import RsaNumbers, examine_rsa, exponent_bound, rsa_numbers

RSA_ENCRYPTION = "1.2.840.113549.1.1.1"
RSASSA_PSS = "1.2.840.113549.1.1.10"
EC_PUBLIC_KEY = "1.2.840.10045.2.1"
CURVES = {"1.2.840.10045.3.1.7": ("P-256", 256), "1.3.132.0.34": ("P-384", 384)}
_USUAL_EXPONENT = 65537
ALLOWED = "RSA 2048, RSA 3072, RSA 4096, P-256, P-384"

_OTHER_CURVES = {
    "1.3.132.0.35": "P-521",
    "1.3.132.0.10": "secp256k1",
    "1.3.132.0.33": "P-224",
    "1.3.132.0.8": "secp160r1",
    "1.2.840.10045.3.1.1": "P-192",
    "1.3.132.0.16": "sect283k1",
    "1.3.36.3.3.2.8.1.1.7": "brainpoolP256r1",
    "1.3.36.3.3.2.8.1.1.11": "brainpoolP384r1",
    "1.3.36.3.3.2.8.1.1.13": "brainpoolP512r1",
}
_OTHER_TYPES = {
    "1.2.840.10040.4.1": "DSA",
    "1.2.840.113549.1.3.1": "DH",
    "1.2.840.10046.2.1": "DH",
    RSASSA_PSS: "RSASSA-PSS",
    "1.2.840.113549.1.1.7": "RSAES-OAEP",
    "1.3.101.110": "X25519",
    "1.3.101.111": "X448",
    "1.3.101.112": "Ed25519",
    "1.3.101.113": "Ed448",
    "2.16.840.1.101.3.4.3.17": "ML-DSA-44",
    "2.16.840.1.101.3.4.3.18": "ML-DSA-65",
    "2.16.840.1.101.3.4.3.19": "ML-DSA-87",
    "2.16.840.1.101.3.4.4.1": "ML-KEM-512",
    "2.16.840.1.101.3.4.4.2": "ML-KEM-768",
    "2.16.840.1.101.3.4.4.3": "ML-KEM-1024",
    "1.2.643.7.1.1.1.1": "GOST R 34.10-2012",
}


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """Type and size of a public key.

    ``bits`` is the size of the modulus or curve, 0 if unknown. ``curve`` is the name of the curve,
    such as P-256; for keys of kind "other" the name of the algorithm. ``exponent`` is None if it
    is not an RSA key or the exponent has more than 62 bits. ``spki_sha256`` is the SHA-256 in
    lower-case hex of the SubjectPublicKeyInfo, re-encoded in its usual form if the key can be
    loaded.
    """

    kind: Literal["RSA", "EC", "other"]
    bits: int
    curve: str | None
    exponent: int | None
    spki_sha256: str

    @property
    def name(self) -> str:
        """Name for display, such as "RSA 2048", "P-256" or "Ed25519"."""
        return f"RSA {self.bits}" if self.kind == "RSA" else self.curve or self.kind


@dataclass(frozen=True, slots=True)
class Key:
    """A parsed SubjectPublicKeyInfo (``spki``, DER).

    ``problem`` is a short code if the key cannot be read, else None. ``public_key`` is the
    library's object, None if it cannot be loaded. ``point`` is x and y of an EC key, concatenated.
    """

    facts: KeyFacts
    spki: bytes
    rsa: RsaNumbers | None = None
    public_key: Any = None
    problem: str | None = None
    point: bytes = b""


def spki_sha256(spki: bytes) -> str:
    """SHA-256 in lower-case hex of a SubjectPublicKeyInfo (DER), which identifies a key."""
    return hashlib.sha256(spki).hexdigest()


def read_key(spki: bytes, element: read.Element | None = None) -> Key:
    """Parse a SubjectPublicKeyInfo (DER); never raises, whatever the bytes.

    ``element`` is the same structure if the caller has parsed it already.
    """
    digest, label = spki_sha256(spki), None
    try:
        algorithm, bits = (element or read.read(spki)).expect(read.SEQUENCE).children()
        oid, *parameters = algorithm.expect(read.SEQUENCE).children()
        name = read.object_identifier(oid)
        if name == RSA_ENCRYPTION:
            return _read_rsa(spki, digest, bits, parameters)
        if name == EC_PUBLIC_KEY:
            return _read_ec(spki, digest, bits, parameters)
        label, problem = _OTHER_TYPES.get(name, name), None
        if name == RSASSA_PSS:  # not certified, but known as the same key with the usual encoding
            return Key(_usual(KeyFacts("other", 0, label, None, digest), _load(spki)), spki)
    except (read.MalformedError, ValueError) as fault:
        problem = getattr(fault, "problem", "structure")
    return Key(KeyFacts("other", 0, label, None, digest), spki, problem=problem)


def _read_rsa(spki: bytes, digest: str, bits: read.Element, parameters: list[read.Element]) -> Key:
    numbers = rsa_numbers(bits)
    size, exponent = numbers.bits, numbers.exponent
    known = exponent if exponent.bit_length() <= 62 else None
    facts = KeyFacts("RSA", size, None, known, digest)
    if parameters and (len(parameters) > 1 or parameters[0].tag != read.NULL):
        return Key(facts, spki, numbers, problem="parameters")
    loadable = 2048 <= size <= 8192 and 0 < exponent < exponent_bound(size)
    loaded = _load(spki) if loadable else None
    return Key(facts if parameters else _usual(facts, loaded), spki, numbers, loaded)


def _read_ec(spki: bytes, digest: str, bits: read.Element, parameters: list[read.Element]) -> Key:
    if not parameters:
        return Key(KeyFacts("EC", 0, None, None, digest), spki, problem="parameters")
    if parameters[0].tag != read.OID:
        return Key(KeyFacts("EC", 0, "explicit", None, digest), spki)
    oid = read.object_identifier(parameters[0])
    if oid not in CURVES:
        return Key(KeyFacts("EC", 0, _OTHER_CURVES.get(oid, oid), None, digest), spki)
    curve, size = CURVES[oid]
    # RFC 5480 section 2.2: uncompressed or compressed; the hybrid form must not be used.
    loaded = _load(spki) if bits.content[1:2] in (b"\x02", b"\x03", b"\x04") else None
    problem = None if loaded else "point"
    facts = KeyFacts("EC", size, curve, None, digest)
    if loaded is None or bits.content[1:2] == b"\x04":
        return Key(facts, spki, None, loaded, problem, bits.content[2:] if loaded else b"")
    usual = loaded.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return Key(_usual(facts, loaded), spki, None, loaded, problem, usual[1:])


def _usual(facts: KeyFacts, loaded: Any) -> KeyFacts:
    """The facts with the hash of the usual encoding, so that re-encoding cannot hide a blocked key.

    The usual encoding of an RSA key has NULL parameters (RFC 3279 section 2.3.1), that of an EC
    key the uncompressed point (RFC 5480 section 2.2).
    """
    if loaded is None:
        return facts
    usual = loaded.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return replace(facts, spki_sha256=spki_sha256(usual))


def _load(spki: bytes) -> Any:
    try:
        return load_der_public_key(spki)
    except (ValueError, UnsupportedAlgorithm):
        return None


def examine_key(
    key: bytes | Key,
    *,
    blocked: Callable[[str], bool] | None = None,
    sound: Container[str] = (),
) -> list[Finding]:
    """Every fault of a key, given as SubjectPublicKeyInfo (DER) or as returned by ``read_key``.

    ``blocked`` tells whether an SPKI hash (hex) is on the block list in the database; without it
    the block list is not consulted. ``sound``: the SPKI hashes of keys whose tests that take long
    have found nothing; they are left out.
    """
    key = read_key(key) if isinstance(key, bytes) else key
    is_sound = key.facts.spki_sha256 in sound
    findings = [*_type(key), *_compromised(key, blocked)]
    findings += examine_rsa(key.rsa, is_sound=is_sound) if key.rsa else []
    if key.point and not is_sound and (problem := weakness(key.facts.name, key.point)):
        findings.append(found("key.ec_scalar", problem=problem))
    if key.public_key is None and not findings:  # no signature could be verified with it
        findings.append(found("key.unreadable", problem="unusable"))
    return findings


def is_computable(key: Key) -> bool:
    """Whether a rule finds that anybody can compute the private key."""
    return any(finding.rule in PRIVATE_KEY_KNOWN for finding in examine_key(key))


def _type(key: Key) -> Iterator[Finding]:
    facts = key.facts
    if key.problem:
        yield found("key.unreadable", problem=key.problem)
    elif facts.kind == "other":
        yield found("key.type", value=facts.name, wanted=ALLOWED)
    elif facts.kind == "EC" and facts.bits == 0:
        yield found("key.curve", value=facts.name, wanted="P-256, P-384")


def hashes_of(key: Key) -> list[str]:
    """The SPKI hash of the key, and that of the same RSA modulus with the usual exponent.

    Whoever knows the private key of a modulus with one exponent knows it with any other.
    """
    digests = [key.facts.spki_sha256]
    if key.public_key is not None and key.rsa and key.rsa.exponent != _USUAL_EXPONENT:
        usual = RSAPublicNumbers(_USUAL_EXPONENT, key.rsa.modulus).public_key()
        digests.append(_usual(key.facts, usual).spki_sha256)
    return digests


def _compromised(key: Key, blocked: Callable[[str], bool] | None) -> Iterator[Finding]:
    digests = hashes_of(key)
    if any(map(is_published, digests)):
        yield found("key.published")
    elif blocked is not None and any(map(blocked, digests)):
        yield found("key.blocked")
