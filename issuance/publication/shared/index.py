"""The index of published files in the store, and the published files of this machine."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import Storage

from certportal.foundation import own_files
from certportal.foundation.files.faults import DamagedFile
from issuance.publication import ocsp_packs

INDEX, LATEST = "index.json", "latest.json"
LATE = timedelta(minutes=2)
"""Age of the last comparison with the store from which it counts as failing."""

MOST_GONE, MOST_GONE_SHARE = 20, 0.2
"""If more packs than both limits are gone at once, they are lost: certificates end one by one."""

# No other path is sent or written. The limit of a stem is that of the addresses served.
_PATH = re.compile(
    r"crl/[-\w]{1,64}\.crl|ca/public/[-\w]{1,64}\.(?:crt|p7c|pem|vkeys?)"
    r"|ocsp/[-\w]{1,64}/[0-9A-F]{3}\.pack",
    re.ASCII,
)
_GLOBS = ("ca/public/*", "crl/*.crl", "ocsp/*/*.pack")


@dataclass(frozen=True, slots=True)
class Index:
    """The SHA-256 (hex) of each published file, by path; a later index has a higher number.

    While many files are being sent, `is_whole` is False: files that it lacks are not gone.
    """

    number: int
    files: Mapping[str, str]
    is_whole: bool = True

    def encoded(self) -> bytes:
        content = {"number": self.number, "whole": self.is_whole, "files": self.files}
        return json.dumps(content, sort_keys=True).encode()


NOTHING = Index(0, {})


def is_publishable(path: str) -> bool:
    """Whether a file of this path, relative to PORTAL_DATA, is published."""
    return _PATH.fullmatch(path) is not None


class FilesLost(Exception):
    """So many files are missing that they were lost, and must not be deleted elsewhere."""


def ended(before: AbstractSet[str], after: AbstractSet[str]) -> AbstractSet[str]:
    """The packs that were removed because their certificates have expired.

    Raises FilesLost if a certificate or CRL, which are never removed, or many packs are missing.
    """
    gone = before - after
    if lasting := sorted(path for path in gone if not path.startswith("ocsp/")):
        raise FilesLost(f"{len(gone)} files, such as {lasting[0]}")
    packs = sum(path.startswith("ocsp/") for path in before)
    if len(gone) > max(MOST_GONE, MOST_GONE_SHARE * packs):
        raise FilesLost(f"{len(gone)} of {packs} packs")
    return gone


def latest(store: Storage) -> tuple[int, str]:
    """Number and SHA-256 of the latest index; 0 and "" if none. Raises OSError, DamagedFile."""
    try:
        encoded = _read(store, LATEST)
    except FileNotFoundError:
        return 0, ""
    with _parsing(LATEST):
        fields = json.loads(encoded)
        return int(fields["number"]), str(fields["sha256"])


def read(store: Storage) -> Index:
    """The index. Raises OSError, and DamagedFile also while another one is being written."""
    number, sha256 = latest(store)
    if not number:
        return NOTHING
    encoded = _read(store, INDEX)
    if hashlib.sha256(encoded).hexdigest() != sha256:
        raise DamagedFile(INDEX)
    with _parsing(INDEX):
        fields = json.loads(encoded)
        files = {path: str(sha256) for path, sha256 in fields["files"].items()}
        return Index(int(fields["number"]), files, bool(fields["whole"]))


@contextmanager
def _parsing(name: str) -> Iterator[None]:
    """Raise DamagedFile for what is no JSON of the expected form, whoever wrote it."""
    try:
        yield
    except ocsp_packs.MALFORMED as error:
        raise DamagedFile(name) from error


def write(store: Storage, index: Index) -> None:
    """Store the index, and then its number and hash. Raises OSError."""
    encoded = index.encoded()
    store.save(INDEX, ContentFile(encoded))
    content = {"number": index.number, "sha256": hashlib.sha256(encoded).hexdigest()}
    store.save(LATEST, ContentFile(json.dumps(content).encode()))


def _read(store: Storage, name: str) -> bytes:
    with store.open(name) as opened:
        data: bytes = opened.read()
    return data


# ------------------------------------------------------------------ this machine


@dataclass(slots=True)
class Local:
    """The published files of this machine; a file is hashed again only after it was replaced."""

    _known: dict[str, tuple[tuple[int, int, int], str]] = field(default_factory=dict)

    def files(self) -> dict[str, str]:
        """The SHA-256 (hex) of each file by path."""
        self._known = dict(self._hashed_files())
        return {path: sha256 for path, (_, sha256) in self._known.items()}

    def _hashed_files(self) -> Iterable[tuple[str, tuple[tuple[int, int, int], str]]]:
        root = Path(settings.PORTAL_DATA)
        for path in (found for glob in _GLOBS for found in root.glob(glob)):
            name = str(path.relative_to(root))
            if not is_publishable(name):
                continue
            try:
                facts = path.stat()
                version = (facts.st_ino, facts.st_mtime_ns, facts.st_size)
                known = self._known.get(name)
                if known is None or known[0] != version:
                    known = (version, hashlib.sha256(path.read_bytes()).hexdigest())
            except FileNotFoundError:
                continue
            yield name, known


@dataclass(frozen=True, slots=True)
class Seen:
    """When files and store were last seen to agree, and the highest number of an index seen."""

    number: int
    at: datetime


def _seen_path() -> Path:
    return Path(settings.PORTAL_DATA) / "store" / "seen.json"


def last_seen() -> Seen | None:
    """The record that `note` wrote last; None if there is none or it cannot be read."""
    try:
        fields = json.loads(_seen_path().read_text())
        return Seen(int(fields["number"]), datetime.fromisoformat(fields["at"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def note(number: int, now: datetime) -> None:
    """Record, for `/healthz`, that files and store agree, and the number of the index."""
    fields = json.dumps({"number": number, "at": now.isoformat()})
    own_files.replace(_seen_path(), fields.encode(), lasting=False)


def age(now: datetime) -> timedelta | None:
    """The time since files and store last agreed; None if they never did."""
    seen = last_seen()
    return None if seen is None else abs(now - seen.at)


def is_late(now: datetime) -> bool:
    """Whether the files of this machine and the store last agreed more than `LATE` ago."""
    passed = age(now)
    return passed is None or passed > LATE


def file_of(path: str) -> Path:
    """The file on this machine with this path relative to PORTAL_DATA."""
    assert is_publishable(path)
    return Path(settings.PORTAL_DATA) / path
