"""Sending the signer's published files to the store. Runs beside the signer, only reads its files.

Files and store are compared in every round, so what a failure left unsent, or a store restored from
an older copy has lost, is sent again. A machine that has lost its files, or is not the signer's and
never had them, deletes nothing from the store.
"""

import hashlib
from collections.abc import Iterable, Mapping, Set as AbstractSet
from dataclasses import replace
from datetime import datetime

import structlog
from django.core.files.base import ContentFile
from django.core.files.storage import Storage

from certportal.foundation.files.faults import DamagedFile
from issuance.publication.shared import index

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 200
"""Files sent before the index is written: a revocation does not wait for thousands of packs."""


class Sender:
    """Sends the published files of this machine, round by round.

    With `again`, it first sends everything, as if the store were empty.
    """

    def __init__(self, store: Storage, *, again: bool = False) -> None:
        self._store = store
        self._local = index.Local()
        self._stored: index.Index | None = None
        self._again = again
        self._lost = ""

    def round(self, *, now: datetime) -> bool:
        """Send what the store lacks; return whether both agree. Raises OSError."""
        local, stored = self._local.files(), self._index()
        gone = self._ended(stored, local)
        missing = stored.files.keys() - local.keys()
        # When everything is sent again, what was not sent yet is not in the index.
        kept = {
            path: sha256
            for path, sha256 in stored.files.items()
            if path not in gone and (path in missing or not self._again)
        }
        wanted = [path for path, sha256 in local.items() if kept.get(path) != sha256]
        is_whole = len(wanted) <= MOST_AT_ONCE
        if wanted or gone or not stored.number or stored.is_whole != is_whole:
            sent = dict(self._sent(sorted(wanted, key=_first)[:MOST_AT_ONCE]))
            self._write_index(index.Index(stored.number, kept | sent, is_whole), now)
            self._again = False
            for path in gone:
                self._store.delete(path)
        agrees = is_whole and not self._lost
        if agrees and self._stored is not None:
            index.note(self._stored.number, now)
        return agrees

    def finish(self, *, now: datetime) -> bool:
        """Do all rounds needed; return False if files were lost here. Raises OSError."""
        while not self.round(now=now):
            if self._lost:
                return False
        return True

    def _ended(self, stored: index.Index, local: Mapping[str, str]) -> AbstractSet[str]:
        """The files to delete from the store; none, which is logged once, if files were lost."""
        lost, gone = "", frozenset[str]()
        try:
            gone = frozenset(index.ended(stored.files.keys(), local.keys()))
        except index.FilesLost as error:
            lost = str(error)
        if lost and lost != self._lost:
            log.error("published_files_lost", lost=lost, kept_in="store")
        self._lost = lost
        return gone

    def _index(self) -> index.Index:
        """The index of the store, read again only if another one than the last was written."""
        try:
            known = self._stored
            if known is None or index.latest(self._store)[0] != known.number:
                known = index.read(self._store)
        except DamagedFile as error:  # it was written incompletely: everything is sent again
            log.warning("store_index_damaged", file=str(error))
            known = index.NOTHING
        return known

    def _sent(self, paths: Iterable[str]) -> Iterable[tuple[str, str]]:
        for path in paths:
            try:
                data = index.file_of(path).read_bytes()
            except FileNotFoundError:
                continue
            self._store.save(path, ContentFile(data))
            yield path, hashlib.sha256(data).hexdigest()

    def _write_index(self, stored: index.Index, now: datetime) -> None:
        """Write the index with a number above every number that this machine or the store knows.

        The number is the time, so that it grows even if both were restored from older copies.
        """
        seen = index.last_seen()
        known = max(stored.number, seen.number if seen else 0)
        self._stored = None  # until it is known to be written
        new = replace(stored, number=max(int(now.timestamp()), known + 1))
        index.write(self._store, new)
        self._stored = new


def _first(path: str) -> tuple[bool, float]:
    """The order of sending: certificates and lists, then the newest packs."""
    try:
        return path.startswith("ocsp/"), -index.file_of(path).stat().st_mtime
    except FileNotFoundError:
        return True, 0.0
