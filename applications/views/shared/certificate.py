"""Facts about a certificate, and file downloads, for pages of applicants and reviewers."""

from collections.abc import Iterator

from cryptography import x509
from cryptography.x509.oid import NameOID
from django.http import HttpResponse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from certportal.foundation import clock
from certportal.foundation.mail.sending import File
from issuance.certificate.read_back import extension
from issuance.csr.oids import PURPOSES
from issuance.models import Certificate

type Fact = tuple[str, str]

_NAMED = {NameOID.SERIAL_NUMBER: "serialNumber"}
"""RFC 4514 has no name of this attribute, which the library would show as an OID."""


def facts(certificate: Certificate) -> list[Fact]:
    """Return the certificate's main fields as pairs of name and value."""
    first, last = clock.day(certificate.not_before), clock.day(certificate.not_after)
    issuer = certificate.issuing_ca.certificate.subject.rfc4514_string()
    return [
        (_("Validity begins"), date_format(first, "SHORT_DATE_FORMAT")),
        (_("Last day of validity"), date_format(last, "SHORT_DATE_FORMAT")),
        (_("Holder"), certificate.certificate.subject.rfc4514_string(_NAMED)),
        (_("Issuer"), issuer),
    ]


def technical(certificate: Certificate) -> list[Fact]:
    """Return the main fields, what it may be used for, and where its status is published.

    Whoever installs it opens a firewall for these addresses.
    """
    parsed = certificate.certificate
    used_for = ", ".join(purposes(parsed))
    uses = [(_("Extended key usage"), used_for)] if used_for else []
    return [*facts(certificate), *uses, *status_addresses(parsed)]


def purposes(certificate: x509.Certificate) -> list[str]:
    """Return the extended key usages by their usual names."""
    usages = extension(certificate, x509.ExtendedKeyUsage)
    return [PURPOSES.get(oid.dotted_string, oid.dotted_string) for oid in usages or []]


def status_addresses(certificate: x509.Certificate) -> Iterator[Fact]:
    if points := extension(certificate, x509.CRLDistributionPoints):
        urls = [name.value for point in points for name in point.full_name or []]
        yield _("Revocation list"), ", ".join(urls)
    if places := extension(certificate, x509.AuthorityInformationAccess):
        yield _("Issuer's certificate and OCSP"), ", ".join(p.access_location.value for p in places)


def plain_hash(typed: str) -> str:
    """Return a typed hash as it is stored: in lower case, without colons and spaces."""
    return "".join(typed.replace(":", "").split()).lower()


def attachment(file: File) -> HttpResponse:
    """Return the file as a download, never shown as a page."""
    response = HttpResponse(file.content, content_type=file.media_type)
    response["Content-Disposition"] = f'attachment; filename="{file.name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
