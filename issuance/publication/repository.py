"""The public files: CA certificates, chains and revocation lists.

They are plain files under PORTAL_DATA, so they are served while the database is down, and each is
replaced in one step, so a reader never sees half of one.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import serialize_certificates
from django.conf import settings

from certportal.foundation.errors import Unavailable
from issuance import tlv
from issuance.authority import crl


class Overtaken(Unavailable):
    """A newer list has been published meanwhile."""


# Four days of hourly lists.
CRLS_KEPT = 100


def crl_path(stem: str) -> Path:
    """The revocation list of the CA ``stem``, DER."""
    return Path(settings.PORTAL_DATA) / "crl" / f"{stem}.crl"


def kept_crls(stem: str) -> Path:
    """The folder of the last lists of the CA ``stem``, each a file named by its number."""
    return Path(settings.PORTAL_DATA) / "crl" / "kept" / stem


def certificate_path(stem: str) -> Path:
    """The certificate of the CA ``stem``, DER."""
    return Path(settings.PORTAL_DATA) / "ca" / "public" / f"{stem}.crt"


def chain_path(stem: str) -> Path:
    """The certificate of the CA ``stem`` and those above it, PEM."""
    return Path(settings.PORTAL_DATA) / "ca" / "public" / f"{stem}.pem"


def bundle_path(stem: str) -> Path:
    """The certificate of the CA ``stem`` and those above it, PKCS #7 in DER."""
    return Path(settings.PORTAL_DATA) / "ca" / "public" / f"{stem}.p7c"


def replace(path: Path, content: bytes, *, lasting: bool = True) -> None:
    """Put ``content`` in the place of the file at ``path``: the old one whole or the new one.

    One that is not ``lasting`` may be broken after the machine has lost its power.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            if lasting:
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
    replace(bundle_path(stem), serialize_certificates(list(chain), Encoding.DER))


def served_crl(stem: str) -> crl.Parts | None:
    """The list being served, taken apart; None if there is none, or the file is broken."""
    return read_list(crl_path(stem))


def last_crl(stem: str) -> crl.Parts | None:
    """The list published last: the one being served or, if that is lost, the newest kept."""
    return next(filter(None, map(read_list, _crls(stem))), None)


def last_crl_path(stem: str) -> Path | None:
    """Where that list lies; None if there is none."""
    return next(filter(read_list, _crls(stem)), None)


def _crls(stem: str) -> Iterator[Path]:
    """Where it may lie, the likeliest place first."""
    yield crl_path(stem)
    yield from sorted(kept_crls(stem).glob("*.crl"), reverse=True)


def read_list(path: Path) -> crl.Parts | None:
    """The list in the file, taken apart; None if there is none, or the file is broken."""
    try:
        return crl.take_apart(path.read_bytes())
    except (FileNotFoundError, tlv.MalformedError, ValueError):
        return None


def crl_number(stem: str) -> int:
    """The number of the list published last; 0 if there is none."""
    last = last_crl(stem)
    return last.facts.number if last else 0


def publish_list(stem: str, number: int, crl_der: bytes) -> None:
    """Keep the list under its number and serve it; the oldest of those kept go.

    Raises Overtaken if a list of that number or a higher one was published: whoever signed this
    one has lost the database's lock meanwhile.
    """
    folder = kept_crls(stem)
    with _alone(folder):
        if number <= crl_number(stem):
            raise Overtaken(f"{stem}: {number}")
        replace(folder / f"{number:020}.crl", crl_der)
        replace(crl_path(stem), crl_der)
        for old in sorted(folder.glob("*.crl"))[:-CRLS_KEPT]:
            old.unlink(missing_ok=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold a lock of the disk's, which goes with this process and with nothing else."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
