"""The plan of a certificate: all of its contents, before it is built, linted and signed. Pure."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from issuance.algorithms import Branch
from issuance.certificate.profiles import Environment, Profile, Purpose

type SubjectKey = RSAPublicKey | EllipticCurvePublicKey

SERIAL_BYTES = 15


@dataclass(frozen=True, slots=True)
class Policy:
    """A certificate policy: its OID, the address of the practice statement, the user notice."""

    oid: str
    cps_url: str
    notice: str


@dataclass(frozen=True, slots=True)
class Issuer:
    """The public data of an issuing CA, which its certificates refer to."""

    certificate: x509.Certificate
    environment: Environment
    branch: Branch
    policy: Policy
    crl_url: str
    certificate_url: str
    ocsp_url: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The contents of a certificate.

    ``subject`` maps short attribute names to values, in order; times are UTC.
    """

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
    """The branch whose CA certifies this type of public key; None if there is none."""
    if isinstance(key, RSAPublicKey):
        return "rsa"
    return "ec" if isinstance(key, EllipticCurvePublicKey) else None


def new_serial() -> int:
    """A serial number of fifteen octets: 01 and 112 random bits.

    The first octet makes it positive and of fixed length. RFC 5280 section 4.1.2.2 allows 20
    octets; CA/B BR 7.1 requires at least 64 random bits.
    """
    return int.from_bytes(b"\x01" + secrets.token_bytes(SERIAL_BYTES - 1))


def serial_hex(serial: int) -> str:
    """The serial number as stored and displayed: thirty upper-case hexadecimal digits."""
    return f"{serial:0{2 * SERIAL_BYTES}X}"
