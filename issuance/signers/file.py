"""Keys in encrypted PKCS #8 files: ``<stem>.key`` and ``<stem>.chain.pem`` in CA_KEYS_DIR."""

import os
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

from issuance.signers.errors import SignerUnavailable
from issuance.signers.protocol import Signer, SigningKey


class KeyFiles:
    """The backend over a folder of key files, all under one password.

    ``production_keys_in_files`` says that files were chosen for production knowingly; only a
    system check reads it.
    """

    def __init__(
        self,
        folder: str | None = None,
        password_file: str | None = None,
        *,
        production_keys_in_files: bool = False,
    ) -> None:
        self._folder = folder or settings.CA_KEYS_DIR
        self._password_file = password_file or settings.CA_KEY_PASSWORD_FILE

    def load(self, stem: str) -> Signer:
        """Read and decrypt. Raises SignerUnavailable, in words that tell nothing secret."""
        if not self._folder or not self._password_file:
            raise SignerUnavailable("this process was given no keys")
        try:
            chain = x509.load_pem_x509_certificates(self.chain_path(stem).read_bytes())
            key = load_pem_private_key(self.key_path(stem).read_bytes(), self.password())
        except (OSError, ValueError, TypeError) as error:
            raise SignerUnavailable(f"{stem}: {type(error).__name__}") from None
        if not isinstance(key, RSAPrivateKey | EllipticCurvePrivateKey):
            raise SignerUnavailable(f"{stem}: neither an RSA nor an EC key")
        return Signer(chain=tuple(chain), private_key=key)

    def key_path(self, stem: str) -> Path:
        """Where the key of ``stem`` is or would be."""
        return Path(self._folder) / f"{stem}.key"

    def chain_path(self, stem: str) -> Path:
        """Where the chain of ``stem`` is or would be."""
        return Path(self._folder) / f"{stem}.chain.pem"

    def password(self) -> bytes:
        """The password all key files are encrypted with."""
        return Path(self._password_file).read_bytes().strip()

    def exists(self, stem: str) -> bool:
        """Whether there is a key of that name. Keys are written last, so its chain is there too."""
        return self.key_path(stem).exists()

    def store(self, stem: str, key: SigningKey, chain: tuple[x509.Certificate, ...]) -> None:
        """Write chain and key, the key last and only if there is none: FileExistsError."""
        Path(self._folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        pem = b"".join(certificate.public_bytes(Encoding.PEM) for certificate in chain)
        if self.exists(stem):
            raise FileExistsError(stem)
        self.chain_path(stem).write_bytes(pem)
        encrypted = key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(self.password())
        )
        _write_new(self.key_path(stem), encrypted)


def _write_new(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, readable by its owner only; never over another."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.link(draft, path)
    draft.unlink()
