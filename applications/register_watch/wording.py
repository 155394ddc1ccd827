"""Texts for changes in the registers and for the fields of records."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _, gettext_lazy, pgettext, pgettext_lazy

from accounts.register.lookup.queries import Reason, Standing
from accounts.register.models import Kind, RegisterRecord
from applications.models.register_task import RegisterTask
from certportal.foundation.text.wording import day_words

REGISTERS: dict[str, Promise] = {
    Kind.SOTE_UNIT: gettext_lazy("THL SOTE organisation register"),
    Kind.INTERMEDIARY: gettext_lazy("Register of Kanta intermediaries"),
}
LABELS: dict[str, Promise] = {
    "standing": gettext_lazy("In the register"),
    "long_name": gettext_lazy("Long name"),
    "abbreviation": gettext_lazy("Short name"),
    "business_id": gettext_lazy("Business ID"),
    "provider_oid": gettext_lazy("OID of the organisation"),
    "sector": gettext_lazy("Sector"),
    "municipality_name": gettext_lazy("Municipality"),
    "valid_from": gettext_lazy("In force from"),
    "valid_to": gettext_lazy("In force until"),
}
SECTORS: dict[int, Promise] = {
    RegisterRecord.Sector.PUBLIC: pgettext_lazy("sector", "Public"),
    RegisterRecord.Sector.PRIVATE: pgettext_lazy("sector", "Private"),
    RegisterRecord.Sector.SELF_REGISTERED: pgettext_lazy("sector", "Private, self-registered"),
}
STATUSES: dict[str, Promise] = {
    RegisterRecord.ACTIVE: pgettext_lazy("register", "Active"),
    "DELETED": pgettext_lazy("register", "Deleted"),
    "PROPOSAL": pgettext_lazy("register", "Proposed"),
}
STANDINGS: dict[str, Promise] = {
    Reason.STANDING: gettext_lazy("In force"),
    Reason.UNKNOWN: gettext_lazy("Not in the register"),
    Reason.REMOVED: gettext_lazy("Removed from the register"),
    Reason.NOT_ACTIVE: gettext_lazy("Not active"),
    Reason.NOT_YET: gettext_lazy("Not in force yet"),
    Reason.ENDED: gettext_lazy("Ended"),
}
# How the mail to the organisation describes each change.
SENTENCES: dict[str, Promise] = {
    RegisterTask.Change.ENDED: gettext_lazy("It has ended in the register."),
    RegisterTask.Change.RENAMED: gettext_lazy("Its name or place has changed in the register."),
    RegisterTask.Change.MERGED: gettext_lazy("The register now ties it to another organisation."),
    RegisterTask.Change.SECTOR: gettext_lazy("Its sector has changed in the register."),
    RegisterTask.Change.INTERMEDIARY: gettext_lazy(
        "It is no longer in force in the register of Kanta intermediaries."
    ),
}


@dataclass(frozen=True, slots=True)
class Pair:
    """A field in words: its label, former value and present value."""

    label: str
    then: str
    now: str

    @property
    def differs(self) -> bool:
        return self.then != self.now


def differences(task: RegisterTask) -> list[Pair]:
    return [_pair(name, *task.values[name]) for name in LABELS if name in task.values]


def then_and_now(then: RegisterRecord, today: Standing) -> list[Pair]:
    """Return every field of a record as it was when relied on, and as it is today."""
    present = today.record
    fields = [name for name in LABELS if name != "standing"]
    now = {name: _value(getattr(present, name)) if present else None for name in fields}
    standing = _pair("standing", str(Reason.STANDING), str(today.reason))
    return [standing, *(_pair(name, _value(getattr(then, name)), now[name]) for name in fields)]


def described(record: RegisterRecord) -> list[tuple[str, str]]:
    """Return every field of the record, and its status, as (label, value)."""
    fields = [name for name in LABELS if name != "standing"]
    rows = [(str(LABELS[name]), _word(name, _value(getattr(record, name)))) for name in fields]
    return [*rows, (_("Status"), status(record))]


def in_force(record: RegisterRecord) -> str:
    """Return from when and until when the record is in force, as far as the register says."""
    first, last = (
        date_format(day, "SHORT_DATE_FORMAT") if day else ""
        for day in (record.valid_from, record.valid_to)
    )
    if first and last:
        return f"{first}–{last}"
    if first:
        return pgettext("register", "from %(day)s") % {"day": first}
    if last:
        return pgettext("register", "until %(day)s") % {"day": last}
    return _("the register gives no days")


def status(record: RegisterRecord) -> str:
    """Return the record's status in the register, in the active language."""
    return str(STATUSES.get(record.status, record.status))


def _value(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _pair(name: str, then: Any, now: Any) -> Pair:
    return Pair(str(LABELS[name]), _word(name, then), _word(name, now))


def _word(name: str, value: Any) -> str:
    if value in (None, ""):
        return _("no day in the register") if name in {"valid_from", "valid_to"} else _("none")
    return str(_WORDS[name](value)) if name in _WORDS else str(value)


_WORDS: dict[str, Callable[[Any], Any]] = {
    "standing": lambda value: STANDINGS.get(value, value),
    "sector": lambda value: SECTORS.get(value, value),
    "valid_from": day_words,
    "valid_to": day_words,
}
