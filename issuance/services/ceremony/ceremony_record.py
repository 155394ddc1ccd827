"""The record of a key ceremony: printed, and kept in a file that is never overwritten."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from issuance.plan import serial_hex


def sha256_of(certificate: x509.Certificate) -> str:
    """The fingerprint as people compare it: pairs of upper-case digits with colons."""
    return certificate.fingerprint(SHA256()).hex(":").upper()


def key_sha256(public: CertificatePublicKeyTypes) -> str:
    """The SHA-256 of a public key's SubjectPublicKeyInfo, written alike."""
    spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(spki).digest().hex(":").upper()


@dataclass(frozen=True, slots=True)
class Record:
    """One key and its certificate. ``key_place`` tells where the key is, and nothing secret."""

    stem: str
    certificate: x509.Certificate
    key_place: str

    def lines(self) -> list[str]:
        """What the record says of it."""
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
    """The kind of key and of the signatures it makes."""
    public = certificate.public_key()
    if isinstance(public, RSAPublicKey):
        return f"RSA-{public.key_size}, signs with SHA-512"
    return "P-384, signs with SHA-384"


@dataclass(frozen=True, slots=True)
class Minutes:
    """Who made what, when and before whom. Names are as the operators gave them."""

    act: str
    operator: str
    witnesses: tuple[str, ...]
    at: datetime
    records: Sequence[Record]

    def text(self) -> str:
        """The record, in English as every page of the operators is."""
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
