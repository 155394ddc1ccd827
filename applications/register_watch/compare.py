"""Compare the record that a certificate rests on with the register of today."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from accounts.register.lookup.queries import Standing
from accounts.register.models import Kind, RegisterRecord
from applications.models.certificate_types import CertificateType
from applications.models.register_task import RegisterTask

Kinds, Outcome = RegisterTask.Change, RegisterTask.Outcome


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a record.

    `values` holds (field name, former value, present value).
    """

    kind: RegisterTask.Change
    record_kind: str
    oid: str
    values: tuple[tuple[str, Any, Any], ...]

    @property
    def key(self) -> str:
        """The SHA-256 (hex) of kind, record and present values, which identifies the change."""
        present = [self.kind, self.record_kind, self.oid, [(n, now) for n, _, now in self.values]]
        return hashlib.sha256(json.dumps(present).encode()).hexdigest()


def changes(
    unit: tuple[RegisterRecord, Standing], provider: tuple[RegisterRecord, Standing] | None
) -> list[Change]:
    """Return the changes to the records of a certificate's unit and provider since it was prepared.

    Each argument is the record of that time and its standing today. If the provider has ended, only
    that change is returned, unless the unit has moved to another organisation (a merger).
    """
    own = list(judge(*unit, own=True))
    above = list(judge(*provider, own=False)) if provider else []
    if any(change.kind == Kinds.ENDED for change in above):
        return [change for change in own if change.kind == Kinds.MERGED] or above
    return own + above


def judge(then: RegisterRecord, today: Standing, *, own: bool) -> Iterator[Change]:
    """Yield the changes of a record since the version `then`.

    `own`: it is the unit's own record, not its provider's; municipality and sector are compared
    only there. A move to another organisation and a change of sector carry the provider's OID, so
    that units which change together are one change.
    """
    provider_oid = then.provider_oid or then.oid
    present = today.record
    if not today.ok or present is None:
        yield _ended(then, today)
        return
    if moved := _differing(then, present, ("business_id", "provider_oid")):
        yield Change(Kinds.MERGED, then.kind, provider_oid, moved)
    if own and (sector := _differing(then, present, ("sector",))):
        yield Change(Kinds.SECTOR, then.kind, provider_oid, sector)
    names = ("long_name", "abbreviation", *(["municipality_name"] if own else []))
    renamed = _differing(then, present, names)
    # A certificate carries an abbreviation only if the long name does not fit.
    if any(name != "abbreviation" for name, *_ in renamed) or (
        renamed and len(then.long_name) > 64
    ):
        yield Change(Kinds.RENAMED, then.kind, then.oid, renamed)


def proposal(change: Change, profiles: set[str], *, is_provider: bool) -> RegisterTask.Outcome:
    """Return the outcome to propose to the reviewer for certificates of these profiles.

    After a change of name, reissue is proposed only if a certificate carries it: all carry O and
    L, and all but server certificates OU (the certificate description of the service).
    `is_provider`: the change is in a provider's record.
    """
    if change.kind in {Kinds.ENDED, Kinds.INTERMEDIARY}:
        return Outcome.REVOKE
    if change.kind == Kinds.MERGED:
        return Outcome.REISSUE
    if change.kind == Kinds.SECTOR:
        return Outcome.NOTHING
    carried = is_provider or any(name == "municipality_name" for name, *_ in change.values)
    units = any(CertificateType(profile).carries_unit for profile in profiles)
    return Outcome.REISSUE if carried or units else Outcome.NOTHING


def _ended(then: RegisterRecord, today: Standing) -> Change:
    mediated = then.kind == Kind.INTERMEDIARY
    last = today.record.valid_to if today.record else None
    values = (
        ("standing", "register_standing", str(today.reason)),
        ("valid_to", _plain(then.valid_to), _plain(last)),
    )
    kind = Kinds.INTERMEDIARY if mediated else Kinds.ENDED
    return Change(kind, then.kind, then.oid, values)


def _differing(
    then: RegisterRecord, present: RegisterRecord, names: tuple[str, ...]
) -> tuple[tuple[str, Any, Any], ...]:
    pairs = ((name, getattr(then, name), getattr(present, name)) for name in names)
    return tuple(values for values in pairs if values[1] != values[2])


def _plain(day: Any) -> str | None:
    return day.isoformat() if day else None
