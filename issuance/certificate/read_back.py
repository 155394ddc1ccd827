"""Reading out of a certificate: an extension, and the order for today's rules to run on. Pure."""

from itertools import count
from typing import Any

from cryptography import x509

from certportal.foundation import clock
from issuance.certificate.names import subject_values
from issuance.certificate.order import Subject
from issuance.certificate.profiles import PURPOSE_OIDS


def extension[T: x509.ExtensionType](
    source: x509.Certificate | x509.RevokedCertificate, kind: type[T]
) -> T | None:
    """The value of the extension of this kind, or None."""
    try:
        return source.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def ordered(certificate: x509.Certificate) -> dict[str, Any]:
    """The fields of ``CertificateOrder`` that can be read from the certificate."""
    names = extension(certificate, x509.SubjectAlternativeName) or x509.SubjectAlternativeName([])
    usages = extension(certificate, x509.ExtendedKeyUsage) or ()
    values = subject_values(certificate)
    named = certificate.extensions
    has_names = any(isinstance(each.value, x509.SubjectAlternativeName) for each in named)
    return {
        "subject": Subject(
            organisation=values.get("O", ""),
            # An order has a common name of its own only if it has no host names or mailbox.
            common_name="" if has_names else values.get("CN", ""),
            unit=values.get("OU"),
            locality=values.get("L"),
            serial_number=values.get("serialNumber"),
        ),
        "validity_months": _months(certificate),
        "purpose": frozenset(purpose for purpose, oid in PURPOSE_OIDS.items() if oid in usages),
        "dns_names": tuple(names.get_values_for_type(x509.DNSName)),
        "emails": tuple(names.get_values_for_type(x509.RFC822Name)),
        "start": clock.day(certificate.not_valid_before_utc),
    }


def _months(certificate: x509.Certificate) -> int:
    """The fewest whole months that the validity fits in."""
    start = clock.day(certificate.not_valid_before_utc)
    end = clock.day(certificate.not_valid_after_utc)
    return next(months for months in count(1) if end < clock.add_months(start, months))
