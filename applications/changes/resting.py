"""The record that a certificate rests on, beside what the register says today."""

from datetime import datetime

from accounts.register import queries
from accounts.register.models import RegisterRecord
from applications.changes.wording import Pair, then_and_now
from certportal.foundation import clock
from issuance.models import Certificate, PreparedCertificate


def record_of(prepared: PreparedCertificate) -> RegisterRecord | None:
    """Return the version of the register's record that the preparation names."""
    return named(prepared.register_record)


def named(version: str) -> RegisterRecord | None:
    """Return the version of a record by the name that the authority knows it by: its key."""
    return RegisterRecord.objects.filter(pk=version).first() if version.isdecimal() else None


def pairs(certificate: Certificate, *, now: datetime) -> list[Pair]:
    """Return the record field by field, as it was and as it is today; empty when unknown."""
    then = record_of(certificate.prepared)
    if then is None:
        return []
    return then_and_now(then, queries.standing(then.oid, then.kind, clock.day(now)))
