"""What differs between a certificate and the one prepared in its place. Pure."""

from collections.abc import Callable

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def _extension(oid: str) -> Callable[[x509.Certificate], object]:
    def read(certificate: x509.Certificate) -> object:
        for one in certificate.extensions:
            if one.oid.dotted_string == oid:
                return one.critical, one.value
        return None

    return read


def _key(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


PARTS: dict[str, Callable[[x509.Certificate], object]] = {
    "issuer": lambda one: one.issuer,
    "subject": lambda one: one.subject,
    "key": _key,
    "end": lambda one: one.not_valid_after_utc,
    "signature_algorithm": lambda one: one.signature_algorithm_oid,
    "subject_alternative_names": _extension("2.5.29.17"),
    "key_usage": _extension("2.5.29.15"),
    "extended_key_usage": _extension("2.5.29.37"),
    "basic_constraints": _extension("2.5.29.19"),
    "policies": _extension("2.5.29.32"),
    "revocation_list": _extension("2.5.29.31"),
    "authority_information": _extension("1.3.6.1.5.5.7.1.1"),
}
"""The parts compared, in the order they are told. Serial number and start differ always."""


def changes(old: x509.Certificate, new: x509.Certificate) -> list[str]:
    """Return the names of the parts that differ."""
    return [name for name, read in PARTS.items() if read(old) != read(new)]
