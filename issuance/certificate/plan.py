"""The plan of one certificate: all that is decided before it is built, linted and signed. Pure."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from issuance.profiles import Branch, Environment, Profile, Purpose

type SubjectKey = RSAPublicKey | EllipticCurvePublicKey

SERIAL_BYTES = 15


@dataclass(frozen=True, slots=True)
class Policy:
    """The certificate policy asserted: its OID, where the practice statement is, a notice."""

    oid: str
    cps_url: str
    notice: str


@dataclass(frozen=True, slots=True)
class Issuer:
    """The public side of an issuing CA: everything but its key."""

    certificate: x509.Certificate
    environment: Environment
    branch: Branch
    policy: Policy
    crl_url: str
    certificate_url: str
    ocsp_url: str


@dataclass(frozen=True, slots=True)
class Plan:
    """``subject`` maps short attribute names to values in their order; times are UTC."""

    issuer: Issuer
    profile: Profile
    subject: Mapping[str, str]
    dns_names: tuple[str, ...]
    purpose: frozenset[Purpose]
    public_key: SubjectKey
    serial: int
    not_before: datetime
    not_after: datetime
    emails: tuple[str, ...] = ()


def branch_of(key: object) -> Branch | None:
    """The branch whose CA certifies this kind of public key: RSA keys RSA, EC keys EC."""
    if isinstance(key, RSAPublicKey):
        return "rsa"
    return "ec" if isinstance(key, EllipticCurvePublicKey) else None


def new_serial() -> int:
    """Fifteen bytes: 01, so that it is positive and of fixed length, and 112 random bits.

    RFC 5280 section 4.1.2.2 allows 20 bytes; CA/B BR 7.1 wants 64 random bits at least.
    """
    return int.from_bytes(b"\x01" + secrets.token_bytes(SERIAL_BYTES - 1))


def serial_hex(serial: int) -> str:
    """The serial number as thirty upper-case hexadecimal digits, as it is stored and shown."""
    return f"{serial:0{2 * SERIAL_BYTES}X}"
