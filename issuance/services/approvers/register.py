"""The register as a file among the CA's keys, signed by the log's key; each change is an event.

``approvers.note`` is a signed note (https://c2sp.org/signed-note). The newest event of a change
holds the file's digest, so that an older copy is refused. Copies are with the journal, which is
backed up, and in its second place.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.database.combined_queries import Rows, compiled_for, first
from certportal.foundation.errors import Unavailable
from certportal.foundation.event_log.notes import BadNote, Note
from certportal.foundation.models import Event
from certportal.foundation.own_files import OWN, replace
from issuance import journal
from issuance.approvers.register import BadRegister, Register
from issuance.event_names import IssuanceEvent
from issuance.faults import reach
from issuance.journal.copies import own_folder
from issuance.services import locks
from issuance.services.approvers.enrolled import KIND
from issuance.services.event_log import key

NAME = "approvers.note"
_SUBJECT = events.Subject(KIND, "register")


class RegisterUnavailable(Unavailable):
    """The register cannot be read, or its digest is not that in its newest event."""

    mark = "approvers"


def read() -> Register:
    """Return the register in force. Raises RegisterUnavailable."""
    found, newest = _own(), _newest_digest()
    if found.digest != newest:
        raise RegisterUnavailable(
            "the register of approvers is not the one of its last change: it is an older copy, or"
            " a change was interrupted (give the same command again)"
        )
    return found


def written() -> Register:
    """Return the register in the file, or in a copy where no keys are; not compared with events.

    Raises RegisterUnavailable.
    """
    return _read(path() if key.is_there() else next(_copies()) / NAME)


def change(
    act: Callable[[Register], Register], *, anew: bool = False, actor: Actor, now: datetime
) -> Register:
    """Write the register as ``act`` returns it, with the event; return it.

    A change that was interrupted after it wrote the file gets its event first. ``anew``: begin with
    an empty register, after the file or the key was lost for good. Raises RegisterUnavailable.
    """
    signer = key.load()
    # The file of this change was written and its transaction lost.
    with transaction.atomic():
        locks.hold(KIND)
        found = _own()
        if found.previous == _newest_digest() != found.digest:
            _record(found, actor, now)
    with transaction.atomic():
        locks.hold(KIND)
        new = act(_empty() if anew else read())
        _record(new, actor, now)
        note = signer.sign(new.text).encode()
        for folder in _copies():
            replace(folder / NAME, note, OWN)
        reach("approvers_before_commit")
        replace(path(), note, OWN)  # last: until then the old register is in force
    return new


def _empty() -> Register:
    """Return an empty register. Raises RegisterUnavailable if there is a file."""
    if path().exists():
        raise RegisterUnavailable(f"there is a register: put {path()} aside first")
    return Register()


def path() -> Path:
    """Return where the register is, among the keys."""
    return Path(settings.CA_KEYS_DIR) / NAME


def _copies() -> Iterator[Path]:
    """Yield the folders of copies: the journal's, for backups, and its second place."""
    yield Path(settings.PORTAL_DATA) / "journal"
    if settings.JOURNAL_COPY:
        yield own_folder(journal.identity())


def _own() -> Register:
    if not key.is_there():
        raise RegisterUnavailable("the log of events has no key, which signs the register")
    return _read(path())


def _read(file: Path) -> Register:
    """Return the register in the file, verified with the log's key; an empty one without a file."""
    try:
        note = file.read_text() if file.exists() else ""
        if not note:
            return Register()
        parsed = Note.parse(note)
        if parsed.signed_at(key.published()) is None:
            raise RegisterUnavailable("the register of approvers is not signed by the log's key")
        return Register.parse(parsed.text)
    except (OSError, UnicodeDecodeError, BadNote, BadRegister) as error:
        raise RegisterUnavailable(f"the register of approvers: {error}") from error


def _newest_digest() -> str:
    """Return the digest in the newest event of a change; empty without such an event."""
    newest = first(_changes().alone())
    return str(newest.data.get("register", "")) if newest else ""


@compiled_for()
def _changes() -> Rows:
    """Return the query for the newest event of a change."""
    changes = Event.objects.filter(object_type=KIND, object_id=_SUBJECT.id, refused=False)
    return Rows(changes.order_by("-pk")[:1])


def _record(register: Register, actor: Actor, now: datetime) -> None:
    change = dict(register.change)
    name = IssuanceEvent(change.pop("act"))
    data: dict[str, Any] = {**change, "register": register.digest, "number": register.number}
    events.record(name, _SUBJECT, actor, now, **data)
