"""The newest head that enough witnesses have signed, as the signing worker keeps it.

It is stored beside the head, as a note with the witnesses' signature lines
(https://c2sp.org/tlog-cosignature), and receipts refer to it. The file EVENT_LOG_POLICY says which
witnesses are enough.
"""

from datetime import UTC, datetime
from pathlib import Path

from django.utils.translation import gettext as _

from certportal.foundation.event_log.files import LogFiles, LogUnavailable, folder
from certportal.foundation.event_log.notes import BadNote, Checkpoint, Note, Verifier, size_in
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
    """Return both heads, and the consistency proof between these sizes of the log.

    Raises LogUnavailable, ValueError.
    """
    files = LogFiles(folder())
    try:
        head = Checkpoint.opened(newest := files.note(), key.published())
    except (OSError, BadNote) as error:
        raise LogUnavailable(f"the log's head: {error}") from error
    if size > head.size:
        raise LogUnavailable("the log is shorter than that")
    proof = consistency_proof(since, size, files.tiles(head.size).subtree)
    return Answer(newest, note(), tuple(proof))


def keep(given: object) -> None:
    """Keep a head signed by witnesses if it is of this log, newer, and enough have signed it.

    The sender is not trusted, only the signatures. Raises LogUnavailable, BadNote.
    """
    wanted, files = repository.witnesses(), LogFiles(folder())
    if wanted is None or not isinstance(given, str) or len(given) > LONGEST_NOTE:
        return
    verifier = key.published()
    head, newest = Checkpoint.opened(given, verifier), files.head(verifier)
    if newest is None or not _contains(files, newest, head):
        raise LogUnavailable("that is no head of this log")
    before = note()
    if wanted.is_met_by(wanted.signers(given)) and _is_news(given, before, wanted):
        known = [verifier, *(witness.verifier for witness in wanted.witnesses.values())]
        replace(_path(), Note.parse(given).of_only(known).encode(), OWN)


def _contains(files: LogFiles, newest: Checkpoint, head: Checkpoint) -> bool:
    return head.size <= newest.size and files.tiles(newest.size).root(head.size) == head.root


def _is_news(given: str, before: str, wanted: Policy) -> bool:
    """Whether the head given is of a longer log, or as long with more signatures."""
    if not before:
        return True
    ranks = [(size_in(head), len(wanted.signers(head))) for head in (given, before)]
    return ranks[0] > ranks[1]


def verify(verifier: Verifier, report: Report) -> None:
    """Verify the witnesses' signatures against log and policy; report who signed which head."""
    kept, files = note(), LogFiles(folder())
    try:
        wanted = repository.witnesses()
        if wanted is None:
            return
        if not kept:
            report.told.append(_("No head has been signed by enough witnesses yet."))
            return
        head, newest = Checkpoint.opened(kept, verifier), files.head(verifier)
        if newest is None or not _contains(files, newest, head):
            report.add(Kind.FORKED, _path())
        signed = wanted.signers(kept)
        if not wanted.is_met_by(signed):
            report.add(Kind.WITNESSES, _path())
        times = {name: datetime.fromtimestamp(at, UTC) for name, at in signed.items()}
        named = ", ".join(f"{name} ({at:%Y-%m-%dT%H:%M:%SZ})" for name, at in times.items())
        words = _("A head of %(size)s events was signed by %(witnesses)s.")
        report.told.append(words % {"size": head.size, "witnesses": named or _("nobody")})
    except (BadNote, LogUnavailable) as error:
        report.add(Kind.WITNESSES, f"{_path()} ({error})")


def _path() -> Path:
    return folder() / "cosigned"
