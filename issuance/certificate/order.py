"""The order of a certificate, made by the registration authority (RA), and the CA's rules. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from certportal.foundation import clock
from issuance.certificate.hosts import certified_problem
from issuance.certificate.names import UPPER_BOUNDS, foreign_characters, is_email, is_oid, is_tidy
from issuance.certificate.profiles import PROFILES, Profile, Purpose
from issuance.findings import Finding, error

PURPOSES: frozenset[Purpose] = frozenset({"server", "client"})


@dataclass(frozen=True, slots=True)
class Subject:
    """Subject attributes from the register and the order, never from the CSR.

    For server and e-mail certificates ``common_name`` is empty: the first host name or the
    mailbox is used.
    """

    organisation: str
    common_name: str = ""
    unit: str | None = None
    locality: str | None = None
    serial_number: str | None = None


@dataclass(frozen=True, slots=True)
class CertificateOrder:
    """The order of one certificate.

    ``reference`` is the RA's key of the application, opaque to the CA; at most one certificate is
    ever made for it. ``label`` is the order number that people use; it is only written to the
    journal. ``start`` is a day in Finland, or None for at once. Hashes are SHA-256 in lower-case
    hex. ``submission`` is what the applicant sent and signed (UTF-8 JSON), from which the order
    was made. ``register_record`` names the exact version of the register record relied on.

    ``replaces`` is set for a reissue: the reference of an earlier certificate of the same
    organisation, whose key is kept. ``ends`` is the latest notAfter whatever the months ordered,
    since a reissue ends no later than the certificate it replaces. ``concerned`` holds the marks
    (`person:` and key, `address:` and SHA-256) of the persons who took part in the application
    and whose approvals therefore do not count (hallintolaki 28 §).
    """

    reference: UUID
    profile_id: str
    organisation_id: UUID
    subject: Subject
    csr_der: bytes
    csr_sha256: str
    submission: bytes
    submission_sha256: str
    register_record: str
    validity_months: int
    purpose: frozenset[Purpose] = frozenset()
    dns_names: tuple[str, ...] = ()
    start: date | None = None
    replaces: UUID | None = None
    emails: tuple[str, ...] = ()
    ends: datetime | None = None
    label: str = ""
    concerned: frozenset[str] = frozenset()

    @property
    def common_name(self) -> str:
        """The CN of the certificate: the given name, else the first host name or mailbox."""
        names = (self.subject.common_name, *self.dns_names, *self.emails)
        return next(filter(None, names), "")

    def attributes(self, profile: Profile) -> dict[str, str]:
        """Subject attributes by short name, in the profile's order, without empty ones."""
        values = {
            "C": "FI",
            "ST": profile.state_or_province,
            "L": self.subject.locality,
            "O": self.subject.organisation,
            "OU": self.subject.unit,
            "serialNumber": self.subject.serial_number,
            "CN": self.common_name,
        }
        return {name: value for name in profile.subject if (value := values[name])}


def examine_order(order: CertificateOrder, *, now: datetime) -> list[Finding]:
    """Every fault of the order by the CA's own rules; each is an error and prevents issuing."""
    profile = PROFILES.get(order.profile_id)
    if profile is None:
        return [error("ca.profile", profile=order.profile_id)]
    rules = (_validity(order, profile, now), _purpose(order, profile), _subject(order, profile))
    names = (_dns_names(order, profile), _emails(order, profile))
    return [finding for rule in (*rules, *names) for finding in rule]


def _validity(order: CertificateOrder, profile: Profile, now: datetime) -> Iterator[Finding]:
    if not 1 <= order.validity_months <= profile.max_months:
        yield error("ca.validity", value=order.validity_months, limit=profile.max_months)
    if order.ends is not None and order.ends <= now:
        yield error("ca.validity", value=0, limit=profile.max_months)
    latest = clock.day(now) + timedelta(days=profile.max_start_days)
    if order.start is not None and order.start > latest:
        yield error("ca.start", value=order.start.isoformat(), limit=latest.isoformat())


def _purpose(order: CertificateOrder, profile: Profile) -> Iterator[Finding]:
    if bool(order.purpose) != profile.has_purpose or not order.purpose <= PURPOSES:
        yield error("ca.purpose", value=", ".join(sorted(order.purpose)))


def _subject(order: CertificateOrder, profile: Profile) -> Iterator[Finding]:
    attributes = order.attributes(profile)
    for name in profile.subject:
        if name not in attributes and name not in profile.optional:
            yield error("ca.subject_missing", attribute=name)
    if profile.has_dns_names and order.subject.common_name not in {"", *order.dns_names[:1]}:
        yield error("ca.common_name", value=order.subject.common_name)
    for name, value in attributes.items():
        if foreign := foreign_characters(value):
            yield error("ca.characters", attribute=name, value=value, characters=" ".join(foreign))
        elif not is_tidy(value):
            yield error("ca.untidy", attribute=name, value=value)
        if len(value) > UPPER_BOUNDS[name]:
            yield error("ca.length", attribute=name, value=len(value), limit=UPPER_BOUNDS[name])
        elif name == "serialNumber" and not is_oid(value):
            yield error("ca.oid", value=value)


def _dns_names(order: CertificateOrder, profile: Profile) -> Iterator[Finding]:
    if bool(order.dns_names) != profile.has_dns_names:
        yield error("ca.dns_names", count=len(order.dns_names))
    if len(set(order.dns_names)) != len(order.dns_names):
        yield error("ca.dns_name_twice")
    for name in order.dns_names:
        if problem := certified_problem(name):
            yield error("ca.dns_name", value=name, problem=problem)


def _emails(order: CertificateOrder, profile: Profile) -> Iterator[Finding]:
    """Exactly one mailbox in an e-mail certificate, none in others."""
    if len(order.emails) != int(profile.has_emails):
        yield error("ca.emails", count=len(order.emails))
    for address in order.emails:
        if not is_email(address):
            yield error("ca.email", value=address)
