"""The register records on which a certificate rests, compared with the register of today."""

from dataclasses import dataclass
from datetime import datetime

from accounts.register.lookup import queries
from accounts.register.models import RegisterRecord
from applications.register_watch.wording import Pair, then_and_now
from certportal.foundation import clock
from certportal.foundation.database.combined_queries import Asks, Question, Rows, first
from issuance.models import Certificate, PreparedCertificate


@dataclass(frozen=True, slots=True)
class Entry:
    """A record: its name, and each field as it was and as it is today."""

    name: str
    pairs: list[Pair]

    @property
    def is_as_it_was(self) -> bool:
        return not any(pair.differs for pair in self.pairs)


def record_of(prepared: PreparedCertificate) -> RegisterRecord | None:
    """Return the version of the register's record that the prepared certificate names, or None."""
    return named(prepared.register_record)


@Question
def named(version: str) -> Asks[RegisterRecord | None]:
    """Return the version of a record by its primary key as the CA stores it (str), or None."""
    key = version if version.isdecimal() else None
    return Rows(RegisterRecord.objects.filter(pk__in=[key] if key else [])), first


def entries(certificate: Certificate, *, now: datetime) -> list[Entry]:
    """Return the unit's record and, if it is a different one, its organisation's.

    The certificate rests on both names. [] if the record is not known.
    """
    prepared = certificate.prepared
    record = record_of(prepared)
    if record is None:
        return []
    relied_on = queries.with_provider(record, known_at=prepared.created_at)
    return [_entry(version, now) for version in relied_on]


def _entry(then: RegisterRecord, now: datetime) -> Entry:
    today = queries.standing(then.oid, then.kind, clock.day(now))
    return Entry(then.long_name or then.oid, then_and_now(then, today))
