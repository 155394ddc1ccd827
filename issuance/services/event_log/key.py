"""The Ed25519 key that signs the heads of the log, kept beside the signing keys of the CAs.

``event-log.key`` is an encrypted PKCS #8 file, like key files of issuing CAs; ``event-log.vkey``
has the public key with the log's name, in the form that others verify with.
"""

from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from django.conf import settings

from certportal.foundation.errors import system_words
from certportal.foundation.event_log.files import LogFiles, LogUnavailable, folder
from certportal.foundation.event_log.notes import BadNote, Signer, Verifier
from certportal.foundation.own_files import (
    GROUP,
    OWN,
    OWN_FOLDER,
    locked_folder,
    replace,
    write_new,
)
from issuance.publication import repository
from issuance.signers.file import KeyFiles
from issuance.signers.protocol import why_unreadable

STEM = "event-log"


def is_there() -> bool:
    """Whether this process can see the key."""
    return bool(settings.CA_KEYS_DIR) and _path(".vkey").exists()


def is_whole() -> bool:
    """Whether both files of the key are there, or none and no log.

    A process keeps using what it has read of them, as with the keys of issuing CAs.
    """
    if is_there():
        return _path(".key").exists()
    return not LogFiles(folder()).head_path.exists()


def is_wanted() -> bool:
    """Whether this process keeps the log: whether it has the key.

    Raises LogUnavailable in the signing worker if there is a log and no key: a missing key must not
    switch off the checks of evidence.
    """
    if is_there():
        return True
    if settings.PORTAL_PROCESS == "ca" and LogFiles(folder()).head_path.exists():
        raise LogUnavailable("the key of the log is missing")
    return False


def load() -> Signer:
    """Return the key with the log's name. Raises LogUnavailable."""
    try:
        return _decrypted(_path(".key"), _path(".vkey").read_text())
    except OSError as error:
        raise LogUnavailable(f"the key of the log: {system_words(error)}") from None


@lru_cache(maxsize=1)
def _decrypted(path: Path, public: str) -> Signer:
    """Decrypt the key once in a process: decryption takes as long as a usual run of the builder."""
    try:
        verifier = Verifier.parse(public)
        private = load_pem_private_key(path.read_bytes(), KeyFiles().password())
    except (OSError, ValueError, TypeError) as error:
        raise LogUnavailable(f"the key of the log: {why_unreadable(error)}") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise LogUnavailable("the key of the log is no Ed25519 key")
    signer = Signer(verifier.name, private)
    if signer.verifier != verifier:
        raise LogUnavailable("event-log.key and event-log.vkey are not a pair")
    return signer


def make(name: str) -> Verifier:
    """Make the key of a log with this name, which never changes; return the public half.

    Raises FileExistsError if there is a key, BadNote for a name that cannot be one, OSError.
    """
    private = Ed25519PrivateKey.generate()
    verifier = Signer(name, private).verifier
    encryption = BestAvailableEncryption(KeyFiles().password())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    # Under a lock, so that of two runs neither deletes the other's key as left over.
    with locked_folder(_path(".key").parent, OWN_FOLDER):
        if is_there():
            raise FileExistsError(str(_path(".vkey")))
        _path(".key").unlink(missing_ok=True)  # left by an interrupted run; it has signed nothing
        write_new(_path(".key"), pem, mode=0o400)
        write_new(_path(".vkey"), f"{verifier}\n".encode(), mode=0o440)
    return verifier


def default_name() -> str:
    """Return the name of a log made now: from the service's host, as is the custom."""
    return f"{settings.PORTAL_HOST}/events"


def publish(verifier: Verifier) -> None:
    """Put the public key beside the log and into the public repository."""
    for path, mode in (_public(), OWN), (repository.log_key_path(), GROUP):
        if not path.exists() or path.read_text() != f"{verifier}\n":
            replace(path, f"{verifier}\n".encode(), mode)


def published() -> Verifier:
    """Return the public key: that of the key itself, else as published. Raises LogUnavailable."""
    path = _path(".vkey") if is_there() else _public()
    try:
        return Verifier.parse(path.read_text())
    except (OSError, BadNote) as error:
        raise LogUnavailable(f"the public key of the log: {system_words(error)}") from None


def _public() -> Path:
    return folder() / "verifier"


def _path(suffix: str) -> Path:
    return Path(settings.CA_KEYS_DIR) / f"{STEM}{suffix}"
