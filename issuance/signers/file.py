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

from issuance.authority.hierarchy import make_key
from issuance.profiles import Branch
from issuance.signers.chains import ChainFiles, write_new
from issuance.signers.errors import SignerUnavailable
from issuance.signers.protocol import Signer, SigningKey


class KeyFiles:
    """The backend over a folder of key files, all under one password; CA_KEYS_DIR by default.

    ``password`` is for a passphrase that somebody types. ``production_keys_in_files`` says that
    files were chosen for production knowingly; only a system check reads it.
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
        """Read and decrypt. Raises SignerUnavailable, in words that tell nothing secret."""
        try:
            chain = self._chains.read(stem)
        except (OSError, ValueError) as error:
            raise SignerUnavailable(f"{stem}: {type(error).__name__}") from None
        return Signer(chain=chain, private_key=self._read(stem))

    def _read(self, stem: str) -> SigningKey:
        if not self._folder or not (self._password or self._password_file):
            raise SignerUnavailable("this process was given no keys")
        try:
            key = load_pem_private_key(self.key_path(stem).read_bytes(), self.password())
        except (OSError, ValueError, TypeError) as error:
            raise SignerUnavailable(f"{stem}: {type(error).__name__}") from None
        if not isinstance(key, RSAPrivateKey | EllipticCurvePrivateKey):
            raise SignerUnavailable(f"{stem}: neither an RSA nor an EC key")
        return key

    @property
    def folder(self) -> Path:
        """Where the files are."""
        return Path(self._folder)

    def key_path(self, stem: str) -> Path:
        """Where the key of ``stem`` is or would be."""
        return Path(self._folder) / f"{stem}.key"

    def chain_path(self, stem: str) -> Path:
        """Where the chain of ``stem`` is or would be."""
        return self._chains.path(stem)

    def place(self, stem: str) -> str:
        """The key file."""
        return str(self.key_path(stem))

    def password(self) -> bytes:
        """The password all key files are encrypted with."""
        return self._password or Path(self._password_file).read_bytes().strip()

    def exists(self, stem: str) -> bool:
        """Whether there is a key of that name with its chain."""
        return self.key_path(stem).exists() and self.chain_path(stem).exists()

    def pending(self, stem: str) -> SigningKey | None:
        """The key of that name that has no chain yet."""
        if self.exists(stem) or not self.key_path(stem).exists():
            return None
        return self._read(stem)

    def make_key(self, stem: str, branch: Branch, rsa_bits: int) -> SigningKey:
        """Make a new key and write it, only if there is none: FileExistsError."""
        if self.key_path(stem).exists():
            raise FileExistsError(stem)
        key = make_key(branch, rsa_bits)
        self.keep_key(stem, key)
        return key

    def keep_key(self, stem: str, key: SigningKey) -> None:
        """Write the key, only if there is none: FileExistsError."""
        encrypted = key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(self.password())
        )
        write_new(self.key_path(stem), encrypted, mode=0o400)

    def keep_chain(self, stem: str, chain: tuple[x509.Certificate, ...]) -> None:
        """Write the chain, only if there is none: FileExistsError."""
        self._chains.write(stem, chain)

    def store(self, stem: str, key: SigningKey, chain: tuple[x509.Certificate, ...]) -> None:
        """Write a key made elsewhere and its chain, only if there is neither: FileExistsError."""
        self.keep_key(stem, key)
        self.keep_chain(stem, chain)
