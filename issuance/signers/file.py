"""Keys in encrypted PKCS #8 files: ``<stem>.key`` beside ``<stem>.chain.pem``."""

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from django.conf import settings

from certportal.foundation.own_files import write_new
from issuance.algorithms import Branch
from issuance.signers.protocol import (
    ChainFiles,
    Signer,
    SignerUnavailable,
    SigningKey,
    make_key,
    why_unreadable,
)


class KeyFiles:
    """The backend for a folder of key files with one common password; CA_KEYS_DIR by default.

    ``password``, typed by an operator, takes precedence over ``password_file``.
    ``production_keys_in_files`` states that key files in production are a deliberate choice;
    only a system check reads it.
    """

    def __init__(
        self,
        folder: str | None = None,
        password_file: str | None = None,
        *,
        password: bytes | None = None,
        production_keys_in_files: bool = False,
    ) -> None:
        self._folder = folder or settings.CA_KEYS_DIR
        self._password = password
        self._password_file = password_file or settings.CA_KEY_PASSWORD_FILE
        self._chains = ChainFiles(self._folder)

    def load(self, stem: str) -> Signer:
        """Read and decrypt. Raises SignerUnavailable, whose message contains nothing secret."""
        return Signer(chain=self._chains.read(stem), private_key=self._read(stem))

    def _read(self, stem: str) -> SigningKey:
        if not self._folder or not (self._password or self._password_file):
            raise SignerUnavailable("this process was given no keys")
        try:
            key = load_pem_private_key(self.key_path(stem).read_bytes(), self.password())
        except (OSError, ValueError, TypeError) as error:
            raise SignerUnavailable(f"{stem}: {why_unreadable(error)}") from None
        if not isinstance(key, RSAPrivateKey | EllipticCurvePrivateKey):
            raise SignerUnavailable(f"{stem}: neither an RSA nor an EC key")
        return key

    @property
    def folder(self) -> Path:
        return Path(self._folder)

    def key_path(self, stem: str) -> Path:
        """The key file of ``stem``, whether it exists or not."""
        return Path(self._folder) / f"{stem}.key"

    def chain_path(self, stem: str) -> Path:
        """The chain file of ``stem``, whether it exists or not."""
        return self._chains.path(stem)

    def place(self, stem: str) -> str:
        """The path of the key file, for the ceremony record."""
        return str(self.key_path(stem))

    def password(self) -> bytes:
        """The password that all key files are encrypted with. Raises OSError."""
        return self._password or Path(self._password_file).read_bytes().strip()

    def exists(self, stem: str) -> bool:
        return self.key_path(stem).exists() and self.chain_path(stem).exists()

    def pending(self, stem: str) -> SigningKey | None:
        """The key if it has no chain yet, else None. Raises SignerUnavailable."""
        if self.exists(stem) or not self.key_path(stem).exists():
            return None
        return self._read(stem)

    def make_key(self, stem: str, branch: Branch, rsa_bits: int) -> SigningKey:
        """Generate and write a new key. Raises FileExistsError if there is one."""
        if self.key_path(stem).exists():
            raise FileExistsError(stem)
        key = make_key(branch, rsa_bits)
        self.keep_key(stem, key)
        return key

    def keep_key(self, stem: str, key: SigningKey) -> None:
        """Write the key, encrypted. Raises FileExistsError if there is one."""
        encrypted = key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(self.password())
        )
        write_new(self.key_path(stem), encrypted, mode=0o400)

    def keep_chain(self, stem: str, chain: tuple[x509.Certificate, ...]) -> None:
        """Write the chain. Raises FileExistsError if there is one."""
        self._chains.write(stem, chain)

    def store(self, stem: str, key: SigningKey, chain: tuple[x509.Certificate, ...]) -> None:
        """Write a key made elsewhere and its chain. Raises FileExistsError if either exists."""
        self.keep_key(stem, key)
        self.keep_chain(stem, chain)
