"""Keeping a copy of the published files, on a machine without the signer.

The machine serves its copy even if the store fails. No file is replaced by an older one, so a store
restored from an older copy brings back neither an old CRL nor an old response.
"""

import hashlib
from datetime import datetime

import structlog
from django.core.files.storage import Storage

from certportal.foundation import own_files
from issuance.publication import ocsp_packs
from issuance.publication.shared import index
from issuance.publication.shared.fitness import Unfit, require_fit

log = structlog.get_logger(__name__)


class Fetcher:
    """Brings the files of this machine up to date with the store, round by round.

    It compares them at every round, so a file that was deleted or damaged here is fetched again.
    """

    def __init__(self, store: Storage) -> None:
        self._store = store
        self._local = index.Local()
        self._stored = index.NOTHING
        self._refused: dict[str, str] = {}
        self._lost = ""

    def round(self, *, now: datetime) -> bool:
        """Fetch what is new; return whether everything is here. Raises OSError, DamagedFile."""
        number, _ = index.latest(self._store)
        seen = index.last_seen()
        if seen and number < seen.number:
            log.warning("store_is_older", number=number, seen=seen.number)
            return False
        if not number:
            return False
        if number != self._stored.number:
            self._stored = index.read(self._store)
        is_whole = self._fetch(self._stored, now)
        if is_whole:
            index.note(self._stored.number, now)
        return is_whole

    finish = round

    def _fetch(self, stored: index.Index, now: datetime) -> bool:
        local = self._local.files()
        wanted = [path for path, sha256 in stored.files.items() if local.get(path) != sha256]
        done = [self._take(path, stored.files[path], now) for path in sorted(wanted, key=_order)]
        if not stored.is_whole:
            return False
        try:
            gone, lost = index.ended(local.keys(), stored.files.keys()), ""
        except index.FilesLost as error:
            gone, lost = set(), str(error)
        if lost and lost != self._lost:
            log.error("published_files_lost", lost=lost, kept_in="copy")
        self._lost = lost
        for file in map(index.file_of, gone):
            # While its responses count, so do those of an older pack, which would not be refused.
            head = ocsp_packs.read_head(file)
            if head is None or head.next_update <= now:
                file.unlink(missing_ok=True)
        return all(done) and not lost

    def _take(self, path: str, sha256: str, now: datetime) -> bool:
        """Replace a file, unless the store's is unfit; return whether the store's file is here."""
        if not index.is_publishable(path):
            return self._refuse(path, sha256, "no path of a published file")
        try:
            with self._store.open(path) as opened:
                content: bytes = opened.read()
        except FileNotFoundError:
            return False
        if hashlib.sha256(content).hexdigest() != sha256:  # being replaced: the next round has it
            return False
        try:
            require_fit(path, content, now=now)
        except Unfit as error:
            return self._refuse(path, sha256, str(error))
        own_files.replace(index.file_of(path), content, lasting=not path.startswith("ocsp/"))
        self._refused.pop(path, None)
        return True

    def _refuse(self, path: str, sha256: str, why: str) -> bool:
        """Log, once for this content, that it is refused; return False."""
        if self._refused.get(path) != sha256:
            self._refused[path] = sha256
            log.error("published_file_refused", path=path, why=why)
        return False


def _order(path: str) -> tuple[bool, bool, str]:
    """Certificates first, since the others are verified with them; then lists, then packs."""
    return path.startswith("ocsp/"), not path.endswith(".crt"), path
