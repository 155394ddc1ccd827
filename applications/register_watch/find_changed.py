"""Find every certificate in force whose register record has changed since it was prepared.

One SQL statement finds the certificates whose record, or whose provider's record, is not the same
row as the one valid today; only those are compared. The time taken is linear in the number of
certificates.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import batched
from uuid import UUID

from django.db import connection

from accounts.register.lookup import queries
from accounts.register.lookup.queries import Standing
from accounts.register.models import RegisterRecord
from applications.models.register_task import RegisterTask
from applications.register_watch.compare import Change, changes, proposal
from certportal.foundation import clock

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
        """The outcome to propose to the reviewer."""
        return proposal(self.change, self.profiles, is_provider=self.is_provider)


type Row = tuple[int, UUID, str, int, int | None]


def find_changed(now: datetime) -> list[Impact]:
    """Return every change that affects certificates in force, by the mirror at `now`."""
    today = clock.day(now)
    impacts: dict[tuple[UUID, str], Impact] = {}
    for rows in batched(_candidates(now, today), AT_ONCE):
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


def _candidates(now: datetime, today: date) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT, {"now": now, "today": today, "zone": clock.HELSINKI.key})
        return list(cursor.fetchall())


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
