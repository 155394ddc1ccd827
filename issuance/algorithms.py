"""The signature algorithms of the CAs, one for each branch. Pure: no input or output."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import SignatureAlgorithmOID

type Branch = Literal["rsa", "ec"]


@dataclass(frozen=True, slots=True)
class SignatureAlgorithm:
    """A signature algorithm: its OID, its hash function and its AlgorithmIdentifier in DER."""

    oid: x509.ObjectIdentifier
    hash: hashes.SHA256 | hashes.SHA384 | hashes.SHA512
    identifier: bytes

    @property
    def hash_name(self) -> str:
        """The name of the hash function as people write it, such as SHA-512."""
        return f"SHA-{self.hash.digest_size * 8}"


SIGNATURE_ALGORITHMS: Mapping[Branch, SignatureAlgorithm] = MappingProxyType(
    {
        # sha512WithRSAEncryption with NULL parameters (RFC 4055, 5)
        "rsa": SignatureAlgorithm(
            SignatureAlgorithmOID.RSA_WITH_SHA512,
            hashes.SHA512(),
            bytes.fromhex("300d06092a864886f70d01010d0500"),
        ),
        # ecdsa-with-SHA384 without parameters (RFC 5758, 3.2)
        "ec": SignatureAlgorithm(
            SignatureAlgorithmOID.ECDSA_WITH_SHA384,
            hashes.SHA384(),
            bytes.fromhex("300a06082a8648ce3d040303"),
        ),
    }
)
"""FINEID S2: RSA with SHA-512, elliptic curves with SHA-384."""

FORMER: tuple[SignatureAlgorithm, ...] = ()
"""Algorithms that a CA signed with earlier; CRLs signed with them are still accepted."""


def by_identifier(identifier: bytes) -> SignatureAlgorithm | None:
    """Return the algorithm, in use or former, of an AlgorithmIdentifier (DER), or None."""
    known = (*SIGNATURE_ALGORITHMS.values(), *FORMER)
    return next((each for each in known if each.identifier == identifier), None)
