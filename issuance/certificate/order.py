"""What the registration authority hands over, and the CA's own rules about it. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from issuance.findings import Finding, Severity
from issuance.names import UPPER_BOUNDS, foreign_characters, is_email, is_host_name, is_oid, is_tidy
from issuance.profiles import PROFILES, Profile, Purpose
from issuance.validity import HELSINKI

PURPOSES: frozenset[Purpose] = frozenset({"server", "client"})


@dataclass(frozen=True, slots=True)
class Subject:
    """Names for the certificate, as register and order give them, never as the CSR does.

    For server and e-mail certificates ``common_name`` is empty: the first host name or the
    address takes its place.
    """

    organisation: str
    common_name: str = ""
    unit: str | None = None
    locality: str | None = None
    serial_number: str | None = None


@dataclass(frozen=True, slots=True)
class CertificateOrder:
    """One certificate to be made.

    ``reference`` is the RA's opaque name of the matter: at most one certificate is ever made
    for it. ``start`` is a day in Finland or None for at once. Hashes are SHA-256 in lower-case
    hex; ``register_record`` names the very version of the register's record relied on.
    ``replaces`` is the reference of an earlier certificate of the same organisation whose key
    this one keeps: a reissue. ``ends`` is the moment past which the certificate must not last,
    however many months are ordered: a reissue ends no later than what it replaces.
    """

    reference: UUID
    profile_id: str
    organisation_id: UUID
    subject: Subject
    csr_der: bytes
    csr_sha256: str
    submission_sha256: str
    register_record: str
    validity_months: int
    purpose: frozenset[Purpose] = frozenset()
    dns_names: tuple[str, ...] = ()
    start: date | None = None
    replaces: UUID | None = None
    emails: tuple[str, ...] = ()
    ends: datetime | None = None

    @property
    def common_name(self) -> str:
        """The CN of the certificate: the system's name, the first host name or the address."""
        names = (self.subject.common_name, *self.dns_names, *self.emails)
        return next(filter(None, names), "")

    def attributes(self, profile: Profile) -> dict[str, str]:
        """Subject attributes by short name, in the profile's order; missing ones left out."""
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
    """Every fault of the order that no certificate may be made with. Empty: none."""
    profile = PROFILES.get(order.profile_id)
    if profile is None:
        return [_error("ca.profile", profile=order.profile_id)]
    rules = (_validity(order, profile, now), _purpose(order, profile), _subject(order, profile))
    names = (_dns_names(order, profile), _emails(order, profile))
    return [finding for rule in (*rules, *names) for finding in rule]


def _error(rule: str, **params: str | int) -> Finding:
    return Finding(rule=rule, severity=Severity.ERROR, params=params)


def _validity(order: CertificateOrder, profile: Profile, now: datetime) -> Iterator[Finding]:
    if not 1 <= order.validity_months <= profile.max_months:
        yield _error("ca.validity", value=order.validity_months, limit=profile.max_months)
    if order.ends is not None and order.ends <= now:
        yield _error("ca.validity", value=0, limit=profile.max_months)
    latest = now.astimezone(HELSINKI).date() + timedelta(days=profile.max_start_days)
    if order.start is not None and order.start > latest:
        yield _error("ca.start", value=order.start.isoformat(), limit=latest.isoformat())


def _purpose(order: CertificateOrder, profile: Profile) -> Iterator[Finding]:
    if bool(order.purpose) != profile.has_purpose or not order.purpose <= PURPOSES:
        yield _error("ca.purpose", value=", ".join(sorted(order.purpose)))


def _subject(order: CertificateOrder, profile: Profile) -> Iterator[Finding]:
    attributes = order.attributes(profile)
    for name in profile.subject:
        if name not in attributes and name not in profile.optional:
            yield _error("ca.subject_missing", attribute=name)
    if profile.has_dns_names and order.subject.common_name not in {"", *order.dns_names[:1]}:
        yield _error("ca.common_name", value=order.subject.common_name)
    for name, value in attributes.items():
        yield from _attribute(name, value)


def _attribute(name: str, value: str) -> Iterator[Finding]:
    if foreign := foreign_characters(value):
        yield _error("ca.characters", attribute=name, value=value, characters=" ".join(foreign))
    elif not is_tidy(value):
        yield _error("ca.untidy", attribute=name, value=value)
    if len(value) > UPPER_BOUNDS[name]:
        yield _error("ca.length", attribute=name, value=len(value), limit=UPPER_BOUNDS[name])
    if name == "serialNumber" and not is_oid(value):
        yield _error("ca.oid", value=value)


def _dns_names(order: CertificateOrder, profile: Profile) -> Iterator[Finding]:
    if bool(order.dns_names) != profile.has_dns_names:
        yield _error("ca.dns_names", count=len(order.dns_names))
    if len(set(order.dns_names)) != len(order.dns_names):
        yield _error("ca.dns_name_twice")
    for name in order.dns_names:
        if not is_host_name(name):
            yield _error("ca.dns_name", value=name)


def _emails(order: CertificateOrder, profile: Profile) -> Iterator[Finding]:
    """One mailbox, and only in an e-mail certificate."""
    if len(order.emails) != int(profile.has_emails):
        yield _error("ca.emails", count=len(order.emails))
    for address in order.emails:
        if not is_email(address):
            yield _error("ca.email", value=address)
