"""Facts about a certificate, and file downloads, for pages of applicants and reviewers."""

from cryptography.x509.oid import NameOID
from django.http import HttpResponse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from certportal.foundation import clock
from certportal.foundation.mail.sending import File
from issuance.models import Certificate

_NAMED = {NameOID.SERIAL_NUMBER: "serialNumber"}
"""RFC 4514 has no name of this attribute, which the library would show as an OID."""


def facts(certificate: Certificate) -> list[tuple[str, str]]:
    """Return the certificate's main fields as pairs of name and value."""
    first, last = clock.day(certificate.not_before), clock.day(certificate.not_after)
    issuer = certificate.issuing_ca.certificate.subject.rfc4514_string()
    return [
        (_("Validity begins"), date_format(first, "SHORT_DATE_FORMAT")),
        (_("Last day of validity"), date_format(last, "SHORT_DATE_FORMAT")),
        (_("Holder"), certificate.certificate.subject.rfc4514_string(_NAMED)),
        (_("Issuer"), issuer),
    ]


def plain_hash(typed: str) -> str:
    """Return a typed hash as it is stored: in lower case, without colons and spaces."""
    return "".join(typed.replace(":", "").split()).lower()


def attachment(file: File) -> HttpResponse:
    """Return the file as a download, never shown as a page."""
    response = HttpResponse(file.content, content_type=file.media_type)
    response["Content-Disposition"] = f'attachment; filename="{file.name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
