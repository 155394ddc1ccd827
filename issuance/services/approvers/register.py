"""The register as a file among the CA's keys, signed by the log's key; each change is an event.

``approvers.note`` is a signed note (https://c2sp.org/signed-note). The newest event of a change
names the file's digest: an older copy that was put back is none. Copies lie with the journal, which
backups have, and in its second place.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Unavailable
from certportal.foundation.event_log.notes import BadNote, Note
from certportal.foundation.events import Subject
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
_SUBJECT = Subject(KIND, "register")


class RegisterUnavailable(Unavailable):
    """The register cannot be read, or is not the one that the newest event of it tells of."""

    mark = "approvers"


def read() -> Register:
    """Return the register as it is in force. Raises RegisterUnavailable."""
    found, newest = _own(), _newest()
    if found.digest != newest:
        raise RegisterUnavailable(
            "the register of approvers is not the one of its last change: a copy that is older, or"
            " a change that was cut short (give the same command again)"
        )
    return found


def written() -> Register:
    """Return what stands in the file, or where no keys are in its copy, whatever events tell.

    Raises RegisterUnavailable.
    """
    return _read(path() if key.is_there() else next(_copies()) / NAME)


def change(
    act: Callable[[Register], Register], *, anew: bool = False, actor: Actor, now: datetime
) -> Register:
    """Write the register as ``act`` returns it, with the event; return it.

    What an interrupted change has written gets its event first. ``anew``: begin with an empty one,
    after file or key were lost for good. Raises RegisterUnavailable.
    """
    signer = key.load()
    _finish(actor, now)
    with transaction.atomic():
        locks.hold(KIND)
        new = act(_none() if anew else read())
        _record(new, actor, now)
        note = signer.sign(new.text).encode()
        for folder in _copies():
            replace(folder / NAME, note, OWN)
        reach("approvers_before_commit")
        replace(path(), note, OWN)  # last: until then the register is as it was
    return new


def _finish(actor: Actor, now: datetime) -> None:
    """Record the event of a change that was written and whose transaction was lost."""
    with transaction.atomic():
        locks.hold(KIND)
        found = _own()
        if found.previous == _newest() != found.digest:
            _record(found, actor, now)


def _none() -> Register:
    """Return an empty register, if no file is there."""
    if path().exists():
        raise RegisterUnavailable(f"there is a register: put {path()} aside first")
    return Register()


def path() -> Path:
    """Return where the register is, among the keys."""
    return Path(settings.CA_KEYS_DIR) / NAME


def _copies() -> Iterator[Path]:
    """Yield where copies lie: with the journal, for backups, and in its second place."""
    yield Path(settings.PORTAL_DATA) / "journal"
    if settings.JOURNAL_COPY:
        yield own_folder(journal.identity())


def _own() -> Register:
    if not key.is_there():
        raise RegisterUnavailable("the log of events has no key, which signs the register")
    return _read(path())


def _read(file: Path) -> Register:
    """Return what stands in the file, if the log's key has signed it; one without a file."""
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


def _newest() -> str:
    """Return the digest that the newest event of a change tells of; empty without any."""
    told = Event.objects.filter(object_type=KIND, object_id=_SUBJECT.id, refused=False)
    data = told.order_by("-pk").values_list("data", flat=True).first() or {}
    return str(data.get("register", ""))


def _record(register: Register, actor: Actor, now: datetime) -> None:
    said = dict(register.change)
    name = IssuanceEvent(said.pop("act"))
    data: dict[str, Any] = {**said, "register": register.digest, "number": register.number}
    events.record(name, _SUBJECT, actor, now, **data)
