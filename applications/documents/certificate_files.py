"""The files in which a certificate is delivered, and their names."""

import re
import unicodedata
from uuid import UUID

from applications.models import Application
from certportal.foundation import clock
from certportal.foundation.database.combined_queries import (
    Asks,
    Question,
    Rows,
    compiled_for,
    first,
)
from certportal.foundation.database.related_rows import rows_of
from certportal.foundation.mail.sending import File
from issuance.models import Certificate
from issuance.publication.deliverables import deliverables


@Question
def certificate_of(application: Application) -> Asks[Certificate | None]:
    """Return the certificate issued for the application, if there is one."""
    return _certificates(application.pk), first


@compiled_for(UUID(int=1))
def _certificates(reference: UUID) -> Rows:
    certificates = Certificate.objects.filter(reference=reference).order_by("pk")
    return Rows(certificates, "issuing_ca", "prepared")


def stem(application: Application, certificate: Certificate) -> str:
    """Return the common part of the file names: order number, name and last day of validity."""
    host = first(rows_of(application, "host_names"))
    name = host.name if host else application.system_name or application.certified_email
    prefix = "TEST-" if application.kind.is_test else ""
    last = clock.day(certificate.not_after).isoformat()
    return f"{prefix}{application.number}_{in_file_name(name)}_{last}"


def in_file_name(name: str) -> str:
    """Return the name in ASCII letters, digits, dots and hyphens, with å written as a.

    Every file system and mail program keeps such a name unchanged.
    """
    letters = [c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c)]
    return re.sub(r"[^A-Za-z0-9.-]+", "-", "".join(letters)).strip("-.") or "certificate"


def files(application: Application, certificate: Certificate) -> dict[str, File]:
    """Return the certificate's files by kind.

    der and pem hold the certificate, chain (PEM) and p7b (PKCS#7) also its CA certificates, and ca
    (PEM) these alone.
    """
    parts, name = deliverables(certificate), stem(application, certificate)
    return {
        "der": File(f"{name}.der", parts.der, "application/pkix-cert"),
        "pem": File(f"{name}.pem", parts.pem, "application/x-pem-file"),
        "chain": File(f"{name}_chain.pem", parts.chain_pem, "application/x-pem-file"),
        "ca": File(f"{name}_ca.pem", parts.ca_pem, "application/x-pem-file"),
        "p7b": File(f"{name}_chain.p7b", parts.p7b, "application/x-pkcs7-certificates"),
    }
