"""Which organisation a unit belongs to: an organisation orders only for its own units."""

from collections.abc import Iterator
from datetime import date

from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from accounts.register.lookup import queries
from accounts.register.models import Kind, RegisterRecord
from applications.errors import NotStanding
from certportal.foundation.errors import Refused

OTHER_OWNER = "register_other_owner"
"""The reason stored in findings and refusals; the finding's rule is `order.` and the reason."""


class OtherOwner(Refused):
    reason = OTHER_OWNER

    message = _(
        "The unit belongs to another organisation, so your organisation cannot order for it."
    )


def is_owned(organisation: Organisation, record: RegisterRecord, on: date) -> bool:
    """Return whether the register ties the record to the organisation's business ID on the day.

    The business ID may stand in the unit's own record or in its provider's. An intermediary's
    record may carry the business ID in place of its OID.
    """
    code = organisation.business_id
    return bool(code) and code in _owners(record, on)


def obstacles(
    organisation: Organisation, standing: queries.Standing, on: date
) -> Iterator[Refused]:
    """Yield why the organisation may not order for the unit: NotStanding or OtherOwner."""
    if reason := fault(organisation, standing, on):
        yield OtherOwner() if reason == OTHER_OWNER else NotStanding(reason)


def fault(organisation: Organisation, standing: queries.Standing, on: date) -> str:
    """Return the reason why the organisation may not order for the unit; empty if it may."""
    if not standing.ok or standing.record is None:
        return standing.reason
    return "" if is_owned(organisation, standing.record, on) else OTHER_OWNER


def _owners(record: RegisterRecord, on: date) -> set[str]:
    if record.kind == Kind.INTERMEDIARY:
        return {record.business_id, record.oid}
    provider = (
        queries.get_record(record.provider_oid, kind=record.kind, on=on)
        if record.provider_oid
        else None
    )
    return {record.business_id, provider.business_id if provider else ""}
