"""Proof of possession: the request is signed with the key it is about, with a sound hash."""

from collections.abc import Iterator

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding

from issuance import tlv
from issuance.csr.request import Request
from issuance.findings import Finding, found
from issuance.keys import Key

PSS = "1.2.840.113549.1.1.10"
WANTED = "SHA-256, SHA-384, SHA-512"
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "SHA-256": hashes.SHA256(),
    "SHA-384": hashes.SHA384(),
    "SHA-512": hashes.SHA512(),
}
_HASH_OIDS = {
    "2.16.840.1.101.3.4.2.1": "SHA-256",
    "2.16.840.1.101.3.4.2.2": "SHA-384",
    "2.16.840.1.101.3.4.2.3": "SHA-512",
    "2.16.840.1.101.3.4.2.4": "SHA-224",
    "1.3.14.3.2.26": "SHA-1",
}
_ALGORITHMS = {
    "1.2.840.113549.1.1.11": ("RSA", "SHA-256"),
    "1.2.840.113549.1.1.12": ("RSA", "SHA-384"),
    "1.2.840.113549.1.1.13": ("RSA", "SHA-512"),
    "1.2.840.10045.4.3.2": ("EC", "SHA-256"),
    "1.2.840.10045.4.3.3": ("EC", "SHA-384"),
    "1.2.840.10045.4.3.4": ("EC", "SHA-512"),
    "1.2.840.113549.1.1.2": ("RSA", "MD2"),
    "1.2.840.113549.1.1.3": ("RSA", "MD4"),
    "1.2.840.113549.1.1.4": ("RSA", "MD5"),
    "1.3.14.3.2.3": ("RSA", "MD5"),
    "1.2.840.113549.1.1.5": ("RSA", "SHA-1"),
    "1.3.14.3.2.29": ("RSA", "SHA-1"),
    "1.3.14.3.2.15": ("RSA", "SHA-0"),
    "1.3.36.3.3.1.2": ("RSA", "RIPEMD-160"),
    "1.2.840.113549.1.1.14": ("RSA", "SHA-224"),
    "1.2.840.113549.1.1.15": ("RSA", "SHA-512/224"),
    "1.2.840.113549.1.1.16": ("RSA", "SHA-512/256"),
    "2.16.840.1.101.3.4.3.13": ("RSA", "SHA3-224"),
    "2.16.840.1.101.3.4.3.14": ("RSA", "SHA3-256"),
    "2.16.840.1.101.3.4.3.15": ("RSA", "SHA3-384"),
    "2.16.840.1.101.3.4.3.16": ("RSA", "SHA3-512"),
    "1.2.840.10045.4.1": ("EC", "SHA-1"),
    "1.2.840.10045.4.3.1": ("EC", "SHA-224"),
    "2.16.840.1.101.3.4.3.9": ("EC", "SHA3-224"),
    "2.16.840.1.101.3.4.3.10": ("EC", "SHA3-256"),
    "2.16.840.1.101.3.4.3.11": ("EC", "SHA3-384"),
    "2.16.840.1.101.3.4.3.12": ("EC", "SHA3-512"),
    "1.2.840.10040.4.3": ("DSA", "SHA-1"),
    "1.3.14.3.2.27": ("DSA", "SHA-1"),
}


def algorithm_of(request: Request) -> tuple[str, str] | None:
    """Kind of key and name of the hash of the signature; None if the algorithm is unknown."""
    if request.signature_oid == PSS:
        return "RSA", _pss_hash(request.signature_parameters)
    return _ALGORITHMS.get(request.signature_oid)


def algorithm_name(request: Request) -> str:
    """Such as "RSA with SHA-256", or the OID of an unknown algorithm."""
    algorithm = algorithm_of(request)
    if algorithm is None:
        return request.signature_oid
    kind, digest = algorithm
    pss = "-PSS" if request.signature_oid == PSS else ""
    return f"{'ECDSA' if kind == 'EC' else kind + pss} with {digest}"


def _pss_hash(parameters: bytes) -> str:
    """RSASSA-PSS-params (RFC 4055 section 3.1): the hash is SHA-1 unless [0] says otherwise."""
    try:
        for field in tlv.read(parameters).children() if parameters else []:
            if field.tag == 0xA0:
                oid = tlv.object_identifier(field.children()[0].children()[0])
                return _HASH_OIDS.get(oid, oid)
    except (tlv.MalformedError, IndexError):
        return "?"
    return "SHA-1"


def signature_findings(request: Request, key: Key) -> Iterator[Finding]:
    """Algorithm and parameters, and the signature itself where the key can be used."""
    algorithm = algorithm_of(request)
    if algorithm is None:
        if key.facts.kind != "other":
            yield found("signature.unknown", value=request.signature_oid, wanted=WANTED)
        return
    if algorithm[1] not in _HASHES:
        yield found("signature.weak", value=algorithm[1], wanted=WANTED)
    yield from _parameters(request, algorithm[0])
    if key.public_key is not None and not _verifies(request, key, algorithm):
        yield found("signature.invalid", value=algorithm_name(request))


def _parameters(request: Request, kind: str) -> Iterator[Finding]:
    """NULL for RSA (RFC 4055 section 2.1), absent for ECDSA (RFC 5758 section 3.2)."""
    if request.signature_oid == PSS:
        return
    taken = (b"", b"\x05\x00") if kind == "RSA" else (b"",)
    if request.signature_parameters not in taken:
        yield found("signature.parameters")


def _verifies(request: Request, key: Key, algorithm: tuple[str, str]) -> bool:
    kind, digest = algorithm
    if request.unused_bits or key.facts.kind != kind:
        return False
    if digest not in _HASHES:
        return _verifies_weakly(request, key, digest)
    try:
        _verify(request, key, _HASHES[digest])
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        return False
    return True


def _verify(request: Request, key: Key, digest: hashes.HashAlgorithm) -> None:
    public_key = key.public_key
    if key.facts.kind == "EC":
        public_key.verify(request.signature, request.info, ec.ECDSA(digest))
    elif request.signature_oid == PSS:
        scheme = padding.PSS(padding.MGF1(digest), padding.PSS.AUTO)
        public_key.verify(request.signature, request.info, scheme, digest)
    else:
        public_key.verify(request.signature, request.info, padding.PKCS1v15(), digest)


def _verifies_weakly(request: Request, key: Key, digest: str) -> bool:
    """Whether a SHA-1 signature verifies; of other refused hashes nothing more is said."""
    if digest != "SHA-1" or request.signature_oid == PSS:
        return True
    try:
        _verify(request, key, hashes.SHA1())  # noqa: S303 - refused anyway, only told apart
    except InvalidSignature:
        return False
    except (ValueError, UnsupportedAlgorithm):
        return True
    return True
