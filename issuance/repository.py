"""The public files: CA certificates, chains and revocation lists.

They are plain files under PORTAL_DATA, so they are served while the database is down, and each is
replaced in one step, so a reader never sees half of one.
"""

import os
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings


def crl_path(stem: str) -> Path:
    """The revocation list of the CA ``stem``, DER."""
    return Path(settings.PORTAL_DATA) / "crl" / f"{stem}.crl"


def certificate_path(stem: str) -> Path:
    """The certificate of the CA ``stem``, DER."""
    return Path(settings.PORTAL_DATA) / "ca" / "public" / f"{stem}.crt"


def chain_path(stem: str) -> Path:
    """The certificate of the CA ``stem`` and those above it, PEM."""
    return Path(settings.PORTAL_DATA) / "ca" / "public" / f"{stem}.pem"


def replace(path: Path, content: bytes) -> None:
    """Put ``content`` in the place of the file at ``path``: the old one whole or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            os.fchmod(file.fileno(), 0o644)
        os.replace(draft, path)
    except BaseException:
        os.unlink(draft)
        raise


def publish_chain(stem: str, chain: tuple[x509.Certificate, ...]) -> None:
    """Publish the certificate and the chain of a CA."""
    replace(certificate_path(stem), chain[0].public_bytes(Encoding.DER))
    pem = b"".join(certificate.public_bytes(Encoding.PEM) for certificate in chain)
    replace(chain_path(stem), pem)


def crl_number(stem: str) -> int:
    """The number of the list being served; 0 if there is none."""
    try:
        crl = x509.load_der_x509_crl(crl_path(stem).read_bytes())
    except FileNotFoundError:
        return 0
    return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
