"""The files of a delivered certificate, named so that people can tell them apart."""

import re
import unicodedata
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import Organisation
from applications.kinds import CertificateType
from applications.models import Application
from certportal.foundation import clock
from certportal.foundation.mail import File
from issuance.deliverables import deliverables
from issuance.models import Certificate


def certificate_of(application: Application) -> Certificate | None:
    """Return the certificate issued for the application, if there is one."""
    found = Certificate.objects.select_related("issuing_ca")
    return found.filter(reference=application.pk).first()


def orders_of(organisation: Organisation) -> QuerySet[Application, UUID]:
    """Return the keys of the organisation's orders, by which it has its certificates.

    The authority's own rows name the organisation that a certificate was issued to, for good; the
    orders follow an organisation to its successor.
    """
    return Application.objects.filter(organisation=organisation).values_list("pk", flat=True)


def stem(application: Application, certificate: Certificate) -> str:
    """Return the file names' beginning: order number, name and last day of validity."""
    first = application.host_names.first()
    name = first.name if first else application.system_name or application.certified_email
    prefix = "TEST-" if CertificateType(application.type).is_test else ""
    last = clock.day(certificate.not_after).isoformat()
    return f"{prefix}{application.number}_{in_file_name(name)}_{last}"


def in_file_name(name: str) -> str:
    """Return the name in characters that every file system and mail program keeps: å as a."""
    letters = [one for one in unicodedata.normalize("NFKD", name) if not unicodedata.combining(one)]
    return re.sub(r"[^A-Za-z0-9.-]+", "-", "".join(letters)).strip("-.") or "certificate"


def files(application: Application, certificate: Certificate) -> dict[str, File]:
    """Return the certificate's files by kind: der, pem, chain, p7b."""
    made, name = deliverables(certificate), stem(application, certificate)
    return {
        "der": File(f"{name}.der", made.der, "application/pkix-cert"),
        "pem": File(f"{name}.pem", made.pem, "application/x-pem-file"),
        "chain": File(f"{name}_chain.pem", made.chain_pem, "application/x-pem-file"),
        "p7b": File(f"{name}_chain.p7b", made.p7b, "application/x-pkcs7-certificates"),
    }
