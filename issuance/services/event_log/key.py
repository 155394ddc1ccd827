"""The Ed25519 key that signs the heads of the log, kept beside the signing keys of the CAs.

``event-log.key`` is an encrypted PKCS #8 file, like key files of issuing CAs; ``event-log.vkey``
has the public key with the log's name, in the form that others verify with.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace as replace_fields
from datetime import datetime
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

from certportal.foundation import own_files
from certportal.foundation.errors import system_words
from certportal.foundation.event_log.files import LogFiles, LogUnavailable, folder
from certportal.foundation.event_log.log_keys import LogKey, opened, says_all, signed
from certportal.foundation.event_log.notes import BadNote, Signer, Verifier
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


def make(name: str, *, now: datetime | None = None) -> Verifier:
    """Make the key of a log with this name, which never changes; return the public half.

    ``now``: from when it signs, for the list of keys.

    Raises FileExistsError if there is a key, BadNote for a name that cannot be one, OSError.
    """
    signer = Signer(name, Ed25519PrivateKey.generate())
    verifier, pem = signer.verifier, _encrypted(signer)
    # Under a lock, so that of two runs neither deletes the other's key as left over.
    with own_files.locked_folder(_path(".key").parent, own_files.OWN_FOLDER):
        if is_there():
            raise FileExistsError(str(_path(".vkey")))
        _path(".key").unlink(missing_ok=True)  # left by an interrupted run; it has signed nothing
        own_files.write_new(_path(".key"), pem, mode=0o400)
        write_list([LogKey(verifier, since=now)], signer)
        own_files.write_new(_path(".vkey"), f"{verifier}\n".encode(), mode=0o440)
    return verifier


def replace_with(name: str, *, now: datetime) -> tuple[LogKey, ...]:
    """Make another key in the place of this one, which is kept in ``former``; return all keys.

    The public half comes last: until then the two are no pair, nothing is signed, and the next
    run goes on. Raises LogUnavailable, BadNote, OSError.
    """
    signer = Signer(name, Ed25519PrivateKey.generate())
    with own_files.locked_folder(_path(".key").parent, own_files.OWN_FOLDER):
        ended, *earlier = keys()
        if name in {ended.verifier.name, *(each.verifier.name for each in earlier)}:
            raise BadNote(f"a log of this service has had the name {name}")
        for suffix in (".key", ".vkey"):
            _keep_former(_path(suffix), ended.verifier)
        until = [replace_fields(ended, until=now), *earlier]
        made = (LogKey(signer.verifier, since=now), *until)
        own_files.replace(_path(".key"), _encrypted(signer), 0o400)
        write_list(made, signer)
        own_files.replace(_path(".vkey"), f"{signer.verifier}\n".encode(), 0o440)
    return made


def _keep_former(path: Path, verifier: Verifier) -> None:
    """Keep a file of the key; one that an interrupted run has kept already is the right one."""
    if path.exists():
        with suppress(FileExistsError):
            kept = path.parent / "former" / f"{STEM}-{verifier.key_id.hex()}{path.suffix}"
            own_files.write_new(kept, path.read_bytes(), mode=0o400)


def _encrypted(signer: Signer) -> bytes:
    encryption = BestAvailableEncryption(KeyFiles().password())
    return signer.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def keys() -> tuple[LogKey, ...]:
    """Return the keys of the log, the present one first, from the list that it has signed.

    The key is that here, or as published if it was lost; the list is the one here, unless it is an
    older copy than the one published. Raises LogUnavailable.
    """
    try:
        present = published()
    except LogUnavailable:
        if (known := repository.log_key()) is None:
            raise
        present = known
    found: tuple[LogKey, ...] = (LogKey(present),)
    for path in (repository.log_keys_path(), _path(".vkeys")):
        with suppress(FileNotFoundError, BadNote):
            if says_all(listed := opened(path.read_text(), present), found):
                found = listed
    return found


def mark_exposed(name: str, since: datetime) -> tuple[LogKey, ...]:
    """Mark a key before the present one as known to others from this moment; return all keys.

    Raises LogUnavailable, and LookupError without a former key of this name.
    """
    signer = load()
    with own_files.locked_folder(_path(".key").parent, own_files.OWN_FOLDER):
        present, *former = keys()
        if name not in {each.verifier.name for each in former}:
            raise LookupError(name)
        marked = [
            replace_fields(each, exposed=min(since, each.exposed or since))
            if each.verifier.name == name
            else each
            for each in former
        ]
        write_list([present, *marked], signer)
    publish(signer.verifier)
    return (present, *marked)


def write_list(listed: Sequence[LogKey], signer: Signer) -> None:
    """Write the list of keys beside the key."""
    own_files.replace(_path(".vkeys"), signed(listed, signer).encode(), 0o440)


def default_name() -> str:
    """Return the name of a log made now: from the service's host, as is the custom."""
    return f"{settings.PORTAL_HOST}/events"


def publish(verifier: Verifier) -> None:
    """Put the public key beside the log and into the public repository."""
    line = f"{verifier}\n"
    wanted = [(_public(), line, own_files.OWN), (repository.log_key_path(), line, own_files.GROUP)]
    own = _path(".vkeys")
    with suppress(FileNotFoundError, BadNote):  # the list lies beside the key only
        if opened(own.read_text(), verifier) == keys():
            wanted.append((repository.log_keys_path(), own.read_text(), own_files.GROUP))
    for path, content, mode in wanted:
        if not path.exists() or path.read_text() != content:
            own_files.replace(path, content.encode(), mode)


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
