"""Chains of CA certificates in PEM files, ``<stem>.chain.pem``, whatever holds the keys."""

import os
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding


class ChainFiles:
    """The chains of one folder. A chain is written last: a key without one has no certificate."""

    def __init__(self, folder: str | Path) -> None:
        self._folder = Path(folder)

    def path(self, stem: str) -> Path:
        """Where the chain of ``stem`` is or would be."""
        return self._folder / f"{stem}.chain.pem"

    def read(self, stem: str) -> tuple[x509.Certificate, ...]:
        """The chain, issuing CA first. Raises OSError, ValueError."""
        return tuple(x509.load_pem_x509_certificates(self.path(stem).read_bytes()))

    def write(self, stem: str, chain: tuple[x509.Certificate, ...]) -> None:
        """Write the chain, never over another: FileExistsError."""
        pem = b"".join(certificate.public_bytes(Encoding.PEM) for certificate in chain)
        write_new(self.path(stem), pem, mode=0o444)


def write_new(path: Path, content: bytes, *, mode: int) -> None:
    """Write a file whole or not at all, and never over another: FileExistsError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.link(draft, path)
    draft.unlink()
