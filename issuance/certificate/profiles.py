"""Certificate profiles: one frozen row per type of certificate the authority makes.

Pure: neither Django nor Celery. A profile says everything about a certificate that
neither the order nor the issuing CA decides. Its ``version`` grows with every change of
a row, and every certificate stores the version it was made by.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

type Environment = Literal["production", "test"]
type Branch = Literal["rsa", "ec"]
type Purpose = Literal["server", "client"]
type Family = Literal["server", "system_signature", "email"]

CEILING_MONTHS: Mapping[str, int] = MappingProxyType(
    {"server": 12, "system_signature": 24, "email": 24}
)
"""Longest validity in months. DVV: server one year (since 1.9.2020), the others two."""

ATTRIBUTES = ("C", "ST", "L", "O", "OU", "serialNumber", "CN")
"""Subject attributes the authority knows, in the order of the real certificates."""


class ProfileBeyondCeiling(ValueError):
    """A profile asks for more than the certificate policy allows."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What certificates of one type look like.

    ``subject`` lists attributes in order, ``optional`` those that may be missing;
    ``key_usage`` holds pyca's parameter names per kind of key.
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
    max_start_days: int = 60


def make_profile(**fields: object) -> Profile:
    """Build a profile, or raise ProfileBeyondCeiling. The only way a profile is made."""
    profile = Profile(**fields)  # type: ignore[arg-type]
    for fault in beyond_ceiling(profile):
        raise ProfileBeyondCeiling(f"{profile.id}: {fault}")
    return profile


def beyond_ceiling(profile: Profile) -> Iterator[str]:
    """What the profile asks for beyond the certificate policy, in words for operators."""
    if not 1 <= profile.max_months <= CEILING_MONTHS[profile.family]:
        yield f"{profile.max_months} months"
    if profile.max_start_days > 60:
        yield f"starts {profile.max_start_days} days ahead"
    if profile.has_dns_names != (profile.family == "server"):
        yield "DNS names belong to server certificates"
    if profile.has_emails != (profile.family == "email"):
        yield "addresses belong to e-mail certificates"
    if frozenset().union(*profile.key_usage.values()) & {"key_cert_sign", "crl_sign"}:
        yield "an end entity never signs certificates or CRLs"
    if tuple(a for a in ATTRIBUTES if a in profile.subject) != profile.subject:
        yield "subject attributes out of order"
    if (profile.environment == "test") != profile.id.startswith("test_"):
        yield f"its name does not tell that it stands in {profile.environment}"


def _server(id: str, environment: Environment) -> Profile:
    """Server certificates carry no OU (DVV, since 1.9.2022) and key usage by kind of key."""
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
    """Shaped like the real system-signature certificates of 2021-2023 (no SAN, no EKU)."""
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
    """For an organisation's shared mailbox, S/MIME. FINEID S2: key usage 0xB0 for RSA.

    No extended key usage, as in the other certificates without a purpose (RFC 8551 section
    4.4.4 takes its absence as any).
    """
    return make_profile(
        id=id,
        version=1,
        family="email",
        environment=environment,
        subject=("C", "L", "O", "OU", "CN"),
        optional=frozenset({"L", "OU"}),
        state_or_province=None,
        # RFC 5480 section 3 leaves EC keys no encipherment; RFC 5753 agrees on keys instead.
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
"""Every profile by its id, which is the id of the certificate type."""
