"""The newest head that enough witnesses have signed: the signer's part.

It stands beside the head, as a note with their lines (https://c2sp.org/tlog-cosignature), and
receipts lead to it. Which witnesses are enough, the file EVENT_LOG_POLICY says.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from django.utils.translation import gettext as _

from certportal.foundation.event_log.files import LogFiles, LogUnavailable, folder
from certportal.foundation.event_log.notes import BadNote, Checkpoint, Note, Verifier
from certportal.foundation.event_log.policy import Policy
from certportal.foundation.event_log.tree_hashes import consistency_proof
from certportal.foundation.event_log.verifying import Kind, Report
from certportal.foundation.own_files import OWN, replace
from issuance.publication import repository
from issuance.publication.ask_consistency import LONGEST_NOTE, Answer
from issuance.services.event_log import key


def note() -> str:
    """Return the newest head that enough witnesses have signed; "" if there is none."""
    try:
        return _path().read_text()
    except OSError:
        return ""


def consistency(since: int, size: int) -> Answer:
    """Return the heads, and the proof between these sizes. Raises LogUnavailable, ValueError."""
    files = LogFiles(folder())
    try:
        head = Checkpoint.opened(newest := files.note(), key.published())
    except (OSError, BadNote) as error:
        raise LogUnavailable(f"the log's head: {error}") from error
    if size > head.size:
        raise LogUnavailable("the log is not that long")
    proof = consistency_proof(since, size, files.tiles(head.size).subtree)
    return Answer(newest, note(), tuple(proof))


def keep(given: object) -> None:
    """Keep a head that witnesses have signed, if it is ours, they are enough, and it is news.

    Whoever sends it: nothing is believed but signatures. Raises LogUnavailable, BadNote.
    """
    wanted, files = repository.witnesses(), LogFiles(folder())
    if wanted is None or not isinstance(given, str) or len(given) > LONGEST_NOTE:
        return
    verifier = key.published()
    head, newest = Checkpoint.opened(given, verifier), files.head(verifier)
    if newest is None or not _is_of(files, newest, head):
        raise LogUnavailable("that is no head of this log")
    before = note()
    if wanted.is_met_by(wanted.signers(given)) and _is_news(given, before, wanted):
        replace(_path(), _only_known(given, verifier, wanted).encode(), OWN)


def _is_of(files: LogFiles, newest: Checkpoint, head: Checkpoint) -> bool:
    return head.size <= newest.size and files.tiles(newest.size).root(head.size) == head.root


def _is_news(given: str, before: str, wanted: Policy) -> bool:
    """Whether it is of a longer log, or of the same length with more signatures."""
    if not before:
        return True
    ranks = [(_size(one), len(wanted.signers(one))) for one in (given, before)]
    return ranks[0] > ranks[1]


def _only_known(given: str, verifier: Verifier, wanted: Policy) -> str:
    """Leave out the lines of strangers."""
    known = [verifier, *(one.verifier for one in wanted.witnesses.values())]
    return Note.parse(given).of_only(known)


def verify(verifier: Verifier, report: Report) -> None:
    """Hold the witnesses' signatures against log and policy, and say who signed which head."""
    kept, files = note(), LogFiles(folder())
    try:
        wanted = repository.witnesses()
        if wanted is None:
            return
        if not kept:
            report.told.append(_("No head has been signed by enough witnesses yet."))
            return
        head, newest = Checkpoint.opened(kept, verifier), files.head(verifier)
        if newest is None or not _is_of(files, newest, head):
            report.add(Kind.FORKED, _path())
        signed = wanted.signers(kept)
        if not wanted.is_met_by(signed):
            report.add(Kind.WITNESSES, _path())
        report.told.append(
            _("A head of %(size)s events was signed by %(witnesses)s.")
            % {"size": head.size, "witnesses": told(signed)}
        )
    except (BadNote, LogUnavailable) as error:
        report.add(Kind.WITNESSES, f"{_path()} ({error})")


def told(signed: Mapping[str, int]) -> str:
    """Return the witnesses and when each signed."""
    times = {name: datetime.fromtimestamp(at, UTC) for name, at in signed.items()}
    named = ", ".join(f"{name} ({at:%Y-%m-%dT%H:%M:%SZ})" for name, at in times.items())
    return named or _("nobody")


def _size(head: str) -> int:
    return Checkpoint.parse(Note.parse(head).text).size


def _path() -> Path:
    return folder() / "cosigned"
