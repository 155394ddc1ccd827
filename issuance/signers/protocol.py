"""The seam between the authority and whatever holds its keys."""

from dataclasses import dataclass
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from issuance.profiles import Branch

type SigningKey = RSAPrivateKey | EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class Signer:
    """A key that can sign, and the chain that says whose it is: issuing CA first, root last.

    ``private_key`` need only look like pyca's: a PKCS#11 key is a subclass that signs elsewhere.
    """

    chain: tuple[x509.Certificate, ...]
    private_key: SigningKey

    @property
    def branch(self) -> Branch:
        """Which algorithm it signs with: RSA with SHA-512, EC with SHA-384."""
        return "rsa" if isinstance(self.private_key, RSAPrivateKey) else "ec"


class SignerBackend(Protocol):
    """Finds the signer of an issuing CA by its stem.

    A backend never answers with another CA's key: it raises
    ``issuance.signers.SignerUnavailable`` when the one asked for is not to be had.
    """

    def load(self, stem: str) -> Signer:
        """The signer whose files, token label or registration bear the name ``stem``."""
        ...


class KeyStore(SignerBackend, Protocol):
    """A backend in which a ceremony can make keys.

    A key is made first and gets its chain later, at once or after a root kept elsewhere has
    signed; until then it is *pending*. Neither is ever overwritten.
    """

    def exists(self, stem: str) -> bool:
        """Whether there is a key of that name with its chain."""
        ...

    def pending(self, stem: str) -> SigningKey | None:
        """The key of that name that has no chain yet. Raises SignerUnavailable."""
        ...

    def make_key(self, stem: str, branch: Branch, rsa_bits: int) -> SigningKey:
        """Make and keep a new key. Raises FileExistsError, SignerUnavailable."""
        ...

    def keep_chain(self, stem: str, chain: tuple[x509.Certificate, ...]) -> None:
        """Keep the chain of a pending key. Raises FileExistsError."""
        ...

    def place(self, stem: str) -> str:
        """Where the key is or would be, for the ceremony record."""
        ...
