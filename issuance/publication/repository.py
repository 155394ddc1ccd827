"""The public repository: CA certificates, chains and CRLs, and the key of the log of events.

They are plain files under PORTAL_DATA, so that they are served while the database is down. Each
is replaced atomically, so a reader never sees an incomplete file.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import serialize_certificates
from django.conf import settings

from certportal.foundation import own_files
from certportal.foundation.errors import Unavailable
from certportal.foundation.event_log import log_keys as listed
from certportal.foundation.event_log.files import LogUnavailable
from certportal.foundation.event_log.log_keys import LogKey
from certportal.foundation.event_log.notes import BadNote, Verifier
from certportal.foundation.event_log.policy import Policy
from issuance.authority import crl
from issuance.der import read


class Overtaken(Unavailable):
    """A CRL with the same or a higher number has been published meanwhile."""


# Four days of hourly lists.
CRLS_KEPT = 100


def crl_path(stem: str) -> Path:
    """The revocation list of the CA ``stem``, DER."""
    return Path(settings.PORTAL_DATA) / "crl" / f"{stem}.crl"


def kept_crls(stem: str) -> Path:
    """The folder of the latest lists of the CA ``stem``, each file named by its CRL number."""
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


def log_key_path(stem: str = "event-log") -> Path:
    """The public key of the log of events, as https://c2sp.org/signed-note writes it."""
    return Path(settings.PORTAL_DATA) / "ca" / "public" / f"{stem}.vkey"


def log_keys_path(stem: str = "event-log") -> Path:
    """The list of the keys that the log has had, signed by the present one."""
    return log_key_path(stem).with_suffix(".vkeys")


def witnesses() -> Policy | None:
    """Return the operator's policy about witnesses of the log; None if there is none.

    Raises LogUnavailable.
    """
    place = settings.EVENT_LOG_POLICY
    try:
        return Policy.parse(Path(place).read_text()) if place else None
    except (OSError, ValueError) as error:
        raise LogUnavailable(f"EVENT_LOG_POLICY: {error}") from error


def log_key() -> Verifier | None:
    """The published key of the log of events; None if there is none, or the file is broken."""
    try:
        return Verifier.parse(log_key_path().read_text())
    except (FileNotFoundError, UnicodeDecodeError, BadNote):
        return None


def log_keys() -> tuple[LogKey, ...]:
    """The published keys of the log, the present one first; without it none.

    Those before it only from a list that it has signed.
    """
    present = log_key()
    if present is None:
        return ()
    try:
        return listed.opened(log_keys_path().read_text(), present)
    except (FileNotFoundError, UnicodeDecodeError, BadNote):
        return (LogKey(present),)


def publish_chain(stem: str, chain: tuple[x509.Certificate, ...]) -> None:
    """Publish the certificate and the chain of a CA."""
    own_files.replace(certificate_path(stem), chain[0].public_bytes(Encoding.DER))
    pem = b"".join(certificate.public_bytes(Encoding.PEM) for certificate in chain)
    own_files.replace(chain_path(stem), pem)
    own_files.replace(bundle_path(stem), serialize_certificates(list(chain), Encoding.DER))


def served_crl(stem: str) -> crl.Parts | None:
    """The list being served, parsed; None if the file is missing or broken."""
    return read_list(crl_path(stem))


def is_served(stem: str, der: bytes) -> bool:
    """Whether exactly these bytes are the list being served."""
    try:
        return crl_path(stem).read_bytes() == der
    except FileNotFoundError:
        return False


def last_crl(stem: str) -> crl.Parts | None:
    """The list published last: the served list or, if that is lost, the newest kept copy."""
    return next(filter(None, map(read_list, _crls(stem))), None)


def last_crl_by(stem: str, issuer: x509.Certificate) -> crl.Parts | None:
    """The last published list that this issuer signed, even if another's list is served now."""
    found = filter(None, map(read_list, _crls(stem)))
    return next((each for each in found if crl.is_issued_by(each, issuer)), None)


def last_crl_path(stem: str) -> Path | None:
    """The file of the list published last; None if there is none."""
    return next(filter(read_list, _crls(stem)), None)


def _crls(stem: str) -> Iterator[Path]:
    """The candidate files for the last list: the served file, then kept copies, newest first."""
    yield crl_path(stem)
    yield from sorted(kept_crls(stem).glob("*.crl"), reverse=True)


def read_list(path: Path) -> crl.Parts | None:
    """The list in the file, parsed; None if the file is missing or broken."""
    try:
        return crl.take_apart(path.read_bytes())
    except (FileNotFoundError, read.MalformedError, ValueError):
        return None


def crl_number(stem: str) -> int:
    """The number of the list published last; 0 if there is none."""
    last = next(filter(None, map(_facts, _crls(stem))), None)
    return last.number if last else 0


def _facts(path: Path) -> crl.CrlFacts | None:
    """As ``read_list``, without reading the entries, which take fifty megabytes for a million."""
    try:
        with path.open("rb", buffering=0) as file:
            return crl.facts_of(cast(bytes, _OnDisk(file.fileno())))
    except (FileNotFoundError, read.MalformedError, ValueError):
        return None


class _OnDisk:
    """The bytes of an open file, of which only those are read that are asked for."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._size = os.fstat(descriptor).st_size

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, at: int | slice) -> int | bytes:
        if isinstance(at, slice):
            return os.pread(self._descriptor, at.stop - at.start, at.start)
        (octet,) = os.pread(self._descriptor, 1, at)
        return octet


def publish_list(stem: str, number: int, crl_der: bytes) -> None:
    """Store the list under its number, serve it, and delete the oldest stored lists.

    Raises Overtaken if a list with this or a higher number has been published: the signer of this
    list has lost its database lock meanwhile.
    """
    folder = kept_crls(stem)
    with own_files.locked_folder(folder):
        if number <= crl_number(stem):
            raise Overtaken(f"{stem}: {number}")
        own_files.replace(folder / f"{number:020}.crl", crl_der)
        own_files.replace(crl_path(stem), crl_der)
        for old in sorted(folder.glob("*.crl"))[:-CRLS_KEPT]:
            old.unlink(missing_ok=True)
