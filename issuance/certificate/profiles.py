"""Certificate profiles, one for each certificate type. Pure: neither Django nor Celery.

A profile decides everything in a certificate that neither the order nor the issuing CA decides.
Its ``version`` is raised with every change, and every certificate stores its profile's version.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from issuance.algorithms import Branch
from issuance.certificate.names import ATTRIBUTE_OIDS

type Environment = Literal["production", "test"]
type Purpose = Literal["server", "client"]
type Family = Literal["server", "system_signature", "email"]

CEILING_MONTHS: Mapping[str, int] = MappingProxyType(
    {"server": 12, "system_signature": 24, "email": 24}
)
"""Longest validity in months. DVV: server one year (since 1.9.2020), the others two."""

PURPOSE_OIDS: Mapping[Purpose, ObjectIdentifier] = MappingProxyType(
    {"server": ExtendedKeyUsageOID.SERVER_AUTH, "client": ExtendedKeyUsageOID.CLIENT_AUTH}
)


class ProfileBeyondCeiling(ValueError):
    """A profile exceeds what the certificate policy allows."""


# Days ahead on which validity may begin at the latest (the service description).
LATEST_START_DAYS = 60


@dataclass(frozen=True, slots=True)
class Profile:
    """The profile of one certificate type.

    ``subject`` lists the attributes in order, ``optional`` those that may be missing.
    ``key_usage`` holds the library's parameter names by branch. ``max_start_days`` is how many
    days ahead the validity may begin.
    """

    id: str
    version: int
    family: Family
    environment: Environment
    subject: tuple[str, ...]
    optional: frozenset[str]
    state_or_province: str | None
    key_usage: Mapping[Branch, frozenset[str]]
    has_purpose: bool
    has_dns_names: bool
    max_months: int
    has_emails: bool = False
    max_start_days: int = LATEST_START_DAYS


def make_profile(**fields: object) -> Profile:
    """Make a profile. Raises ProfileBeyondCeiling. Every profile must be made with this."""
    profile = Profile(**fields)  # type: ignore[arg-type]
    for fault in beyond_ceiling(profile):
        raise ProfileBeyondCeiling(f"{profile.id}: {fault}")
    return profile


def beyond_ceiling(profile: Profile) -> Iterator[str]:
    """Yield each way in which the profile exceeds the certificate policy, worded for operators."""
    if not 1 <= profile.max_months <= CEILING_MONTHS[profile.family]:
        yield f"{profile.max_months} months"
    if profile.max_start_days > LATEST_START_DAYS:
        yield f"starts {profile.max_start_days} days ahead"
    if profile.has_dns_names != (profile.family == "server"):
        yield "DNS names belong to server certificates"
    if profile.has_emails != (profile.family == "email"):
        yield "addresses belong to e-mail certificates"
    if frozenset().union(*profile.key_usage.values()) & {"key_cert_sign", "crl_sign"}:
        yield "an end entity never signs certificates or CRLs"
    if tuple(a for a in ATTRIBUTE_OIDS if a in profile.subject) != profile.subject:
        yield "subject attributes out of order"
    if (profile.environment == "test") != profile.id.startswith("test_"):
        yield f"its name does not tell that it stands in {profile.environment}"


def _server(id: str, environment: Environment) -> Profile:
    """Server certificates: no OU (DVV, since 1.9.2022), key usage depends on the key type."""
    return make_profile(
        id=id,
        version=1,
        family="server",
        environment=environment,
        subject=("C", "L", "O", "CN"),
        optional=frozenset({"L"}),
        state_or_province=None,
        # RFC 5480 section 3: keyEncipherment is not for EC keys.
        key_usage=MappingProxyType(
            {
                "rsa": frozenset({"digital_signature", "key_encipherment"}),
                "ec": frozenset({"digital_signature"}),
            }
        ),
        has_purpose=True,
        has_dns_names=True,
        max_months=12,
    )


def _system_signature(id: str, environment: Environment) -> Profile:
    """System signature certificates, as DVV issued them in 2021-2023: no SAN, no EKU."""
    usage = frozenset({"digital_signature", "content_commitment"})
    return make_profile(
        id=id,
        version=1,
        family="system_signature",
        environment=environment,
        subject=("C", "ST", "L", "O", "OU", "serialNumber", "CN"),
        optional=frozenset({"L", "OU"}),
        state_or_province="Finland",
        key_usage=MappingProxyType({"rsa": usage, "ec": usage}),
        has_purpose=False,
        has_dns_names=False,
        max_months=24,
    )


def _email(id: str, environment: Environment) -> Profile:
    """S/MIME certificates for an organisation's shared mailbox. FINEID S2: key usage 0xB0 for RSA.

    No extended key usage, as in the other certificates without a purpose: RFC 8551 section 4.4.4
    treats its absence as any usage.
    """
    return make_profile(
        id=id,
        version=1,
        family="email",
        environment=environment,
        subject=("C", "L", "O", "OU", "CN"),
        optional=frozenset({"L", "OU"}),
        state_or_province=None,
        # RFC 5480 section 3 forbids encipherment with EC keys; RFC 5753 uses key agreement.
        key_usage=MappingProxyType(
            {
                "rsa": frozenset({"digital_signature", "key_encipherment", "data_encipherment"}),
                "ec": frozenset({"digital_signature", "key_agreement"}),
            }
        ),
        has_purpose=False,
        has_dns_names=False,
        has_emails=True,
        max_months=24,
    )


PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        profile.id: profile
        for profile in (
            _server("server", "production"),
            _server("test_server", "test"),
            _system_signature("system_signature", "production"),
            _system_signature("test_system_signature", "test"),
            _email("email", "production"),
        )
    }
)
"""Every profile by its id, the id of the certificate type."""
