"""The record of a key ceremony (RFC 3647, 6.1), printed and stored in a file."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from issuance.algorithms import SIGNATURE_ALGORITHMS
from issuance.approvers.register import Approver
from issuance.certificate.plan import serial_hex


def sha256_of(certificate: x509.Certificate) -> str:
    """The SHA-256 fingerprint for comparison: upper-case hex pairs with colons."""
    return certificate.fingerprint(SHA256()).hex(":").upper()


def key_sha256(public: CertificatePublicKeyTypes) -> str:
    """The SHA-256 of a public key's SubjectPublicKeyInfo, in the same format."""
    spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(spki).digest().hex(":").upper()


class Recorded(Protocol):
    """A key or passkey in the record of a ceremony; ``stem`` is part of the file's name."""

    @property
    def stem(self) -> str:
        """The name of the file, without place and time."""

    def lines(self) -> list[str]:
        """The lines about it in the record."""


@dataclass(frozen=True, slots=True)
class Record:
    """One key and its certificate; ``key_place`` is the key's location and nothing secret."""

    stem: str
    certificate: x509.Certificate
    key_place: str

    def lines(self) -> list[str]:
        """The lines about this key in the record."""
        own = self.certificate
        return [
            f"CA {self.stem}",
            f"  subject    {own.subject.rfc4514_string()}",
            f"  issuer     {own.issuer.rfc4514_string()}",
            f"  serial     {serial_hex(own.serial_number)}",
            f"  algorithm  {algorithm(own)}",
            f"  key        {self.key_place}",
            f"  key hash   {key_sha256(own.public_key())}",
            f"  SHA-256    {sha256_of(own)}",
            f"  begins     {own.not_valid_before_utc:%Y-%m-%dT%H:%M:%SZ}",
            f"  ends       {own.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}",
        ]


def algorithm(certificate: x509.Certificate) -> str:
    """The key type and the hash of the signatures it makes."""
    public = certificate.public_key()
    if isinstance(public, RSAPublicKey):
        return f"RSA-{public.key_size}, signs with {SIGNATURE_ALGORITHMS['rsa'].hash_name}"
    return f"P-384, signs with {SIGNATURE_ALGORITHMS['ec'].hash_name}"


type KeepRecord = Callable[[Sequence[Record]], None]
"""Keeps the records of a ceremony's keys."""


def unkept(_records: Sequence[Record]) -> None:
    """Keep nothing: the caller does."""


@dataclass(frozen=True, slots=True)
class ApproverRecord:
    """The passkey of a reviewer that was enrolled or ended."""

    approver: Approver
    name: str
    register_sha256: str

    @property
    def stem(self) -> str:
        return f"approver-{self.approver.fingerprint}{'-ended' if self.approver.until else ''}"

    def lines(self) -> list[str]:
        """The lines about the passkey in the record."""
        approver = self.approver
        return [
            f"Approver {self.name}",
            f"  person     {approver.person}",
            f"  role       {approver.role}, {' and '.join(approver.environments)}",
            f"  passkey    {approver.fingerprint}",
            f"  enrolled   {approver.since:%Y-%m-%dT%H:%M:%SZ} by {approver.enrolled_by}",
            *self._end(),
            f"  register   {self.register_sha256}",
        ]

    def _end(self) -> list[str]:
        until, operator = self.approver.until, self.approver.ended_by
        return [f"  ended      {until:%Y-%m-%dT%H:%M:%SZ} by {operator}"] if until else []


@dataclass(frozen=True, slots=True)
class Minutes:
    """The minutes of a ceremony. Names are as the operators gave them."""

    act: str
    operator: str
    witnesses: tuple[str, ...]
    at: datetime
    records: Sequence[Recorded]

    def text(self) -> str:
        """The text of the record, always in English; it is printed and signed by hand."""
        lines = [
            f"Key ceremony: {self.act}",
            f"  when       {self.at:%Y-%m-%dT%H:%M:%SZ}",
            f"  operator   {self.operator}",
            *(f"  witness    {name}" for name in self.witnesses),
        ]
        for record in self.records:
            lines += ["", *record.lines()]
        people = (self.operator, *self.witnesses)
        lines += ["", *(f"Signed: ______________________  {name}" for name in people)]
        return "\n".join(lines) + "\n"
