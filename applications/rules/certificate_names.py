"""How the register's names come into the certificate: whole, abbreviated, or shortened by a person.

O and OU carry the register's long name when it has at most 64 characters (RFC 5280, appendix A.1)
of the profile's set; else its abbreviation; else a shortening at word boundaries that a reviewer
picks. Characters outside the set are never replaced silently: the applicant is asked for the
spelling.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from accounts.register import queries
from accounts.register.models import Kind, RegisterRecord
from applications.kinds import CertificateType
from applications.models import Application
from certportal.foundation import clock
from issuance.csr import ExpectedNames
from issuance.names import foreign_characters, is_tidy

LONGEST = 64


@dataclass(frozen=True, slots=True)
class CertificateName:
    """One name for the certificate.

    `value` is empty while a person must still choose; `origin` is long_name, abbreviation,
    spelling or open; `foreign` are the characters that certificates cannot carry.
    """

    full: str
    value: str
    origin: str
    foreign: tuple[str, ...] = ()
    shortenings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Names:
    """The organisation's and the unit's names; `unit` is None for an intermediary.

    `record` is the version of the register's record that they come from.
    """

    organisation: CertificateName
    unit: CertificateName | None
    locality: str
    record: RegisterRecord


def fits(name: str) -> bool:
    """Return whether the name can stand in a certificate as it is."""
    return len(name) <= LONGEST and is_tidy(name) and not foreign_characters(name)


def certificate_name(long_name: str, abbreviation: str, spelling: str) -> CertificateName:
    """Return how the name is written in the certificate, by the rule of this module."""
    foreign = tuple(foreign_characters(long_name))
    if fits(long_name):
        return CertificateName(long_name, long_name, "long_name")
    if spelling and fits(spelling):
        return CertificateName(long_name, spelling, "spelling", foreign)
    if abbreviation and fits(abbreviation):
        return CertificateName(long_name, abbreviation, "abbreviation", foreign)
    return CertificateName(long_name, "", "open", foreign, tuple(shortenings(long_name)))


def shortenings(name: str) -> list[str]:
    """Return the beginnings of the name that end at a word and fit, longest first."""
    return [beginning for beginning in beginnings(name) if fits(beginning)][:4]


def beginnings(name: str) -> Iterator[str]:
    """Yield the beginnings of the name that end at a word, longest first, the whole name too."""
    words = name.split()
    return (" ".join(words[:count]).rstrip(",;:-–") for count in range(len(words), 0, -1))


def names(application: Application, *, now: datetime) -> Names | None:
    """Return the names for the application's certificate, or None when the record is unknown."""
    today = clock.day(now)
    record = queries.get_record(application.record_oid, kind=application.record_kind, on=today)
    if record is None:
        return None
    provider = _provider(record, today)
    organisation = certificate_name(
        provider.long_name, provider.abbreviation, application.organisation_spelling
    )
    unit = None
    if record.kind == Kind.SOTE_UNIT:
        unit = certificate_name(record.long_name, record.abbreviation, application.unit_spelling)
    return Names(organisation, unit, record.municipality_name or "", record)


def _provider(record: RegisterRecord, today: date) -> RegisterRecord:
    """Return the record of the provider itself (node 10.0), or the record when it has none."""
    if record.kind != Kind.SOTE_UNIT or not record.provider_oid:
        return record
    return queries.get_record(record.provider_oid, on=today) or record


def renamed(then: RegisterRecord, known_at: datetime, *, now: datetime) -> list[tuple[str, str]]:
    """Return the long names of the unit and of its organisation that have changed since the record
    was relied on, each before and after. A spelling or an abbreviation in the certificate may hide
    it: the name it stands for is no longer so.
    """
    today = clock.day(now)
    present = queries.get_record(then.oid, kind=then.kind, on=today)
    if present is None:
        return []
    before = queries.with_provider(then, known_at=known_at)
    after = [present, _provider(present, today)]
    # An organisation that was not known then has nothing to be compared with.
    pairs = zip(before, after, strict=False)
    return [(a.long_name, b.long_name) for a, b in pairs if a.long_name != b.long_name]


def expected_names(application: Application, *, now: datetime) -> ExpectedNames:
    """Return the names to compare a certificate request with."""
    found = names(application, now=now)
    hosts = tuple(host.name for host in application.host_names.all())
    server = CertificateType(application.type).is_server
    named = hosts[:1] if server else (application.system_name or application.certified_email,)
    return ExpectedNames(
        organisation=found.organisation.value if found else "",
        unit=found.unit.value if found and found.unit and not server else None,
        dns_names=hosts,
        common_name=next(iter(named), None) or None,
        serial_number=None if server else application.system_oid or None,
    )
