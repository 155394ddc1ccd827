"""Find every certificate in force whose register record has changed since it was prepared.

One SQL statement finds the certificates whose record, or whose provider's record, is not the same
row as the one valid today; only those are compared. The time taken is linear in the number of
certificates.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import batched
from typing import Any
from uuid import UUID

from accounts.register.lookup import queries
from accounts.register.lookup.queries import Standing
from accounts.register.models import Kind, RegisterRecord
from applications.models.certificate_types import CertificateType
from applications.models.register_task import RegisterTask
from certportal.foundation import clock
from certportal.foundation.database.statements import execute

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


_STANDS = (
    "s.known_to IS NULL AND s.status = 'ACTIVE'"
    " AND coalesce(s.valid_from, '-infinity') <= %(today)s"
    " AND coalesce(s.valid_to, 'infinity') >= %(today)s"
)
# The record's validity includes the day of preparation: a later period may have been known, too.
_HELD = (
    "(coalesce({0}.valid_from, '-infinity') <= n.day"
    " AND coalesce({0}.valid_to, 'infinity') >= n.day)"
)
# An import may change every row, so at most this many certificates are compared at a time.
AT_ONCE = 5000
# The record is the version that the prepared certificate names, which the CA keeps as evidence.
STATEMENT = f"""
WITH resting AS MATERIALIZED (
 SELECT c.id AS certificate, a.organisation_id AS organisation, c.profile_id AS profile,
   p.created_at AS known_at, (p.created_at AT TIME ZONE %(zone)s)::date AS day,
   r.id AS record, r.kind, r.oid, r.provider_oid
 FROM issuance_certificate c
 JOIN issuance_preparedcertificate p ON p.id = c.prepared_id
 JOIN applications_application a ON a.id = c.reference
 JOIN register_registerrecord r ON r.id =
   CASE WHEN p.register_record ~ '^[0-9]{{1,18}}$' THEN p.register_record::bigint END
 WHERE c.state = 'issued' AND c.not_after > %(now)s)
SELECT certificate, organisation, profile, record,
 (SELECT b.id FROM register_registerrecord b
  WHERE b.kind = n.kind AND b.oid = n.provider_oid AND n.provider_oid <> n.oid
   AND b.known_from <= n.known_at AND (b.known_to IS NULL OR b.known_to > n.known_at)
  ORDER BY b.status = 'ACTIVE' AND {_HELD.format("b")} DESC, {_HELD.format("b")} DESC,
   coalesce(b.valid_to, 'infinity') DESC LIMIT 1)
FROM resting n
WHERE NOT EXISTS (SELECT FROM register_registerrecord s WHERE s.id = n.record AND {_STANDS})
 OR (n.provider_oid NOT IN ('', n.oid) AND NOT EXISTS (
  SELECT FROM register_registerrecord s WHERE s.kind = n.kind AND s.oid = n.provider_oid
   AND s.known_from <= n.known_at AND {_STANDS} AND {_HELD.format("s")}))
"""  # noqa: S608 (put together from this file's constants, values are bound)


@dataclass(slots=True)
class Impact:
    """A change, and the certificates (primary keys) of one organisation that it affects.

    `then` and `present` are the record when relied on and today; `profiles` those of the
    certificates; `is_provider` whether the change is in a provider's record.
    """

    organisation_id: UUID
    change: Change
    then: RegisterRecord
    present: RegisterRecord | None
    certificates: list[int] = field(default_factory=list)
    profiles: set[str] = field(default_factory=set)
    is_provider: bool = False

    @property
    def id(self) -> tuple[UUID, str]:
        """The keys of organisation and change, for which at most one task is open."""
        return self.organisation_id, self.change.key

    @property
    def proposal(self) -> RegisterTask.Outcome:
        return proposal(self.change, self.profiles, is_provider=self.is_provider)


type Row = tuple[int, UUID, str, int, int | None]


def find_changed(now: datetime) -> list[Impact]:
    """Return every change that affects certificates in force, by the mirror at `now`."""
    today = clock.day(now)
    impacts: dict[tuple[UUID, str], Impact] = {}
    asked = {"now": now, "today": today, "zone": clock.HELSINKI.key}
    for rows in batched(execute(STATEMENT, asked), AT_ONCE):
        _judge(rows, today, impacts)
    return list(impacts.values())


def _judge(rows: Sequence[Row], today: date, impacts: dict[tuple[UUID, str], Impact]) -> None:
    """Compare the records of these certificates and add the changes to `impacts`."""
    records = RegisterRecord.objects.in_bulk({pk for row in rows for pk in row[3:] if pk})
    present = _present(records.values(), today)
    for certificate, organisation, profile, own, provider in rows:
        unit = _pair(records[own], present)
        above = _pair(records[provider], present) if provider else None
        for change in changes(unit, above):
            then, standing = above if above and change.oid == above[0].oid else unit
            key = (organisation, change.key)
            impact = impacts.setdefault(key, Impact(organisation, change, then, standing.record))
            impact.certificates.append(certificate)
            impact.profiles.add(profile)
            impact.is_provider |= then.is_provider


def _pair(
    then: RegisterRecord, present: dict[tuple[str, str], Standing]
) -> tuple[RegisterRecord, Standing]:
    return then, present[then.kind, then.oid]


def _present(records: Iterable[RegisterRecord], today: date) -> dict[tuple[str, str], Standing]:
    """Return the standing today of each record, by register and OID."""
    oids: dict[str, set[str]] = defaultdict(set)
    for record in records:
        oids[record.kind].add(record.oid)
    return dict(_standings(oids, today))


def _standings(
    oids: dict[str, set[str]], today: date
) -> Iterator[tuple[tuple[str, str], Standing]]:
    for kind, kind_oids in oids.items():
        for oid, standing in queries.standings(kind_oids, kind, today).items():
            yield (kind, oid), standing
