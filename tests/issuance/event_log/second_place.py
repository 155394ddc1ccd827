"""The log in both places, and what a verification says of it."""

from datetime import datetime

from certportal.foundation.event_log.files import LogFiles
from certportal.foundation.event_log.leaves import number_of
from certportal.foundation.event_log.notes import Verifier
from issuance import journal, services
from issuance.models import Certificate, PreparedCertificate
from issuance.services.event_log.second_place import log_in
from tests.issuance.event_log.conftest import log_files, restart


def issue(prepared: PreparedCertificate, now: datetime) -> Certificate:
    issued = services.issue(prepared.reference, now=now)
    assert issued is not None
    return issued


def copied() -> LogFiles:
    """The log in this machine's second place."""
    place = journal.place(journal.identity())
    assert place is not None
    return log_in(place)


def numbers_in(files: LogFiles, verifier: Verifier) -> list[int]:
    head = files.head(verifier)
    assert head is not None
    return [number_of(entry) for entry in files.entries(0, head.size)]


def ensure_same() -> None:
    """Both places have one head, and the same files under it."""
    here, copy = log_files(), copied()
    assert copy.note() == here.note()
    for path in copy.folder.rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (here.folder / path.relative_to(copy.folder)).read_bytes()


def named() -> list[str]:
    """What a verification in a new process names."""
    restart()
    return [str(finding) for finding in services.verify_audit().findings]
