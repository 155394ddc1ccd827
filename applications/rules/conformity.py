"""When an order needs the certificate of conformity of its information system.

A private provider that orders a system signature attaches it (the service description). The
sector is the register's: its first digit, 1 public, 2 private, 3 private and self-registered.
Test certificates and intermediaries are not asked (docs/decisions/conformity-in-production.md).
"""

from datetime import date

from accounts.register import queries
from accounts.register.models import Kind, RegisterRecord
from applications.kinds import CertificateType
from applications.models import Application, Attachment

PRIVATE = {RegisterRecord.Sector.PRIVATE, RegisterRecord.Sector.SELF_REGISTERED}
FIELDS = (
    "conformity_system_name",
    "conformity_version",
    "conformity_class",
    "conformity_number",
    "conformity_valid_until",
)


def concerns(application: Application) -> bool:
    """Return whether the order is one that a private provider may not make without it."""
    signature = application.type == CertificateType.SYSTEM_SIGNATURE
    return signature and application.record_kind == Kind.SOTE_UNIT


def sector(application: Application, *, on: date) -> int | None:
    """Return the register's sector of the unit that day, else of its provider; or None."""
    record = queries.get_record(application.record_oid, on=on)
    if record is None or record.sector is not None or not record.provider_oid:
        return record.sector if record else None
    provider = queries.get_record(record.provider_oid, on=on)
    return provider.sector if provider else None


def is_asked(application: Application, on: date) -> bool:
    """Return whether the certificate of conformity must be given."""
    return concerns(application) and sector(application, on=on) in PRIVATE


def document(application: Application) -> Attachment | None:
    """Return the attached certificate of conformity, if there is one."""
    standing = application.attachments.filter(kind=Attachment.Kind.CONFORMITY, removed_at=None)
    return standing.first()


def is_complete(application: Application) -> bool:
    """Return whether every field is given and the document attached."""
    given = all(getattr(application, field) for field in FIELDS)
    return given and document(application) is not None
