"""The interface between the CA and the backend that holds its keys, and its errors.

The caller must never fall back to another key.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from certportal.foundation.errors import Unavailable
from certportal.foundation.own_files import write_new
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


class SignerUnavailable(Unavailable):
    """The key cannot be used now: wrong password, missing token or file. The task is retried."""


class SignerMismatch(SignerUnavailable):
    """The key found does not belong to the CA's certificate. An operator must correct this."""


def why_unreadable(error: Exception) -> str:
    """Return why an encrypted key file was not read; nothing of its content or the password.

    A file that was decrypted with another password cannot be told from a damaged one.
    """
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}"
    return "the password is another one, or the file is damaged"


class ChainFiles:
    """The chains in one folder. A chain is written last: a key without one is not certified."""

    def __init__(self, folder: str | Path) -> None:
        self._folder = Path(folder)

    def path(self, stem: str) -> Path:
        """The file for the chain of ``stem``, whether it exists or not."""
        return self._folder / f"{stem}.chain.pem"

    def read(self, stem: str) -> tuple[x509.Certificate, ...]:
        """The chain, issuing CA first. Raises SignerUnavailable."""
        try:
            return tuple(x509.load_pem_x509_certificates(self.path(stem).read_bytes()))
        except (OSError, ValueError) as error:
            raise SignerUnavailable(f"{stem}: {type(error).__name__}") from None

    def write(self, stem: str, chain: tuple[x509.Certificate, ...]) -> None:
        """Write a new chain file. Raises FileExistsError: no chain is ever overwritten."""
        pem = b"".join(certificate.public_bytes(Encoding.PEM) for certificate in chain)
        write_new(self.path(stem), pem, mode=0o440)
