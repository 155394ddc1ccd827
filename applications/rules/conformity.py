"""When an order needs the certificate of conformity of its information system.

A private provider attaches it to an order for a system signature certificate (the service
description). The sector comes from the first digit of the register's code: 1 public, 2 private,
3 private and self-registered. It is not asked for with test certificates, nor of intermediaries
(docs/decisions/conformity-in-production.md).
"""

from datetime import date

from accounts.register.lookup import queries
from accounts.register.models import Kind, RegisterRecord
from applications.models import Application, Attachment

PRIVATE = {RegisterRecord.Sector.PRIVATE, RegisterRecord.Sector.SELF_REGISTERED}


def concerns(application: Application) -> bool:
    """Return whether the order would need a certificate of conformity from a private provider.

    These are the orders for a (production) system signature certificate for a unit.
    """
    asks = application.kind.asks_conformity
    return asks and application.record_kind == Kind.SOTE_UNIT


def sector(application: Application, *, on: date) -> int | None:
    """Return the unit's sector in the register on the day, or its provider's if it has none.

    None if the register knows neither.
    """
    kind = Kind.SOTE_UNIT
    record = queries.get_record(application.record_oid, kind=kind, on=on)
    if record is None or record.sector is not None or not record.provider_oid:
        return record.sector if record else None
    provider = queries.get_record(record.provider_oid, kind=kind, on=on)
    return provider.sector if provider else None


def is_asked(application: Application, on: date) -> bool:
    """Return whether the order needs a certificate of conformity."""
    return concerns(application) and sector(application, on=on) in PRIVATE


def document(application: Application) -> Attachment | None:
    """Return the attached certificate of conformity, if there is one."""
    attached = application.attachments.filter(kind=Attachment.Kind.CONFORMITY, removed_at=None)
    return attached.first()
