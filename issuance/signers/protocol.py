"""The interface between the CA and the backend that holds its keys."""

from dataclasses import dataclass
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from issuance.algorithms import Branch

type SigningKey = RSAPrivateKey | EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key with its certificate chain: own certificate first, root last.

    ``private_key`` implements the library's key class; a PKCS#11 key signs inside the token.
    """

    chain: tuple[x509.Certificate, ...]
    private_key: SigningKey

    @property
    def branch(self) -> Branch:
        """The branch of the key, which decides the signature algorithm."""
        return branch_of_private(self.private_key)


def branch_of_private(key: SigningKey) -> Branch:
    """The branch of a CA's private key; that of a public key is `plan.branch_of`."""
    return "rsa" if isinstance(key, RSAPrivateKey) else "ec"


class SignerBackend(Protocol):
    """Finds the signer of an issuing CA by its stem.

    A backend never returns another CA's key; it raises
    ``issuance.signers.SignerUnavailable`` when the requested key is not available.
    """

    def load(self, stem: str) -> Signer:
        """The signer whose files, token label or registration are named ``stem``."""
        ...


class KeyStore(SignerBackend, Protocol):
    """A backend in which a key ceremony can generate keys.

    A new key is *pending* until its chain is stored, which can be days later if the root is kept
    elsewhere. Keys and chains are never overwritten.
    """

    def exists(self, stem: str) -> bool:
        """Whether both the key and its chain exist."""
        ...

    def pending(self, stem: str) -> SigningKey | None:
        """The key if it has no chain yet, else None. Raises SignerUnavailable."""
        ...

    def make_key(self, stem: str, branch: Branch, rsa_bits: int) -> SigningKey:
        """Generate and store a new key. Raises FileExistsError, SignerUnavailable."""
        ...

    def keep_chain(self, stem: str, chain: tuple[x509.Certificate, ...]) -> None:
        """Store the chain of a pending key. Raises FileExistsError."""
        ...

    def place(self, stem: str) -> str:
        """The location of the key, whether it exists or not, for the ceremony record."""
        ...


def make_key(branch: Branch, rsa_bits: int = 4096) -> SigningKey:
    """Generate a key: RSA with ``rsa_bits``, or P-384. The defaults are for CAs (FINEID S2)."""
    if branch == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=rsa_bits)
    return ec.generate_private_key(ec.SECP384R1())
