"""Chains of CA certificates in PEM files, ``<stem>.chain.pem``, used by every key backend."""

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certportal.foundation.own_files import write_new
from issuance.signers.errors import SignerUnavailable


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
