"""Compare a certificate with the one prepared to replace it, and name the parts that differ."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a certificate: its label for readers, and a function that reads it."""

    label: Promise
    read: Callable[[x509.Certificate], object]


def _extension(oid: str) -> Callable[[x509.Certificate], object]:
    def read(certificate: x509.Certificate) -> object:
        for extension in certificate.extensions:
            if extension.oid.dotted_string == oid:
                return extension.critical, extension.value
        return None

    return read


def _key(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


PARTS: dict[str, Part] = {
    "issuer": Part(_("Issuer"), lambda certificate: certificate.issuer),
    "subject": Part(_("Holder"), lambda certificate: certificate.subject),
    "key": Part(_("Public key"), _key),
    "end": Part(_("End of validity"), lambda certificate: certificate.not_valid_after_utc),
    "signature_algorithm": Part(
        _("Signature algorithm"), lambda certificate: certificate.signature_algorithm_oid
    ),
    "subject_alternative_names": Part(_("Alternative names"), _extension("2.5.29.17")),
    "key_usage": Part(_("Key usage"), _extension("2.5.29.15")),
    "extended_key_usage": Part(_("Purposes of the key"), _extension("2.5.29.37")),
    "basic_constraints": Part(_("Basic constraints"), _extension("2.5.29.19")),
    "policies": Part(_("Certificate policy"), _extension("2.5.29.32")),
    "revocation_list": Part(_("Address of the revocation list"), _extension("2.5.29.31")),
    "authority_information": Part(_("Addresses of the authority"), _extension("1.3.6.1.5.5.7.1.1")),
}
"""The compared parts, in the order shown, without serial number and start, which always differ."""


def changes(old: x509.Certificate, new: x509.Certificate) -> list[str]:
    return [name for name, part in PARTS.items() if part.read(old) != part.read(new)]


def counted(names: Iterable[str]) -> list[tuple[str, int]]:
    """Return (label, number of certificates) of each part that differs in any certificate."""
    counts = Counter(names)
    return [(str(part.label), counts[name]) for name, part in PARTS.items() if counts[name]]


def labels(names: Iterable[str]) -> list[str]:
    """Return the labels of the parts, in the active language."""
    return [str(PARTS[name].label) for name in names]
