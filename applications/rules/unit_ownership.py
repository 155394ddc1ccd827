"""Whose unit it is: nobody orders a certificate for another organisation's unit."""

from datetime import date

from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from accounts.register import queries
from accounts.register.models import Kind, RegisterRecord
from certportal.foundation.errors import Refused

OTHER_OWNER = "register_other_owner"
"""The reason that findings and refusals store; the rule is `order.register_other_owner`."""


class OtherOwner(Refused):
    """The register ties the unit to another organisation's business ID."""

    reason = OTHER_OWNER

    def __init__(self) -> None:
        """Word it."""
        super().__init__(
            _("The unit belongs to another organisation, so your organisation cannot order for it.")
        )


def is_owned(organisation: Organisation, record: RegisterRecord, on: date) -> bool:
    """Return whether the register ties the record to the organisation's business ID that day.

    A unit belongs to the business ID of its own record or of its provider's; an intermediary's
    record may carry the business ID in place of an OID.
    """
    code = business_id(organisation)
    return bool(code) and code in _owners(record, on)


def fault(organisation: Organisation, standing: queries.Standing, on: date) -> str:
    """Return why the organisation may not order for the unit that day, empty when it may."""
    if not standing.ok or standing.record is None:
        return standing.reason
    return "" if is_owned(organisation, standing.record, on) else OTHER_OWNER


def business_id(organisation: Organisation) -> str:
    """Return the organisation's present business ID, empty when it has none."""
    current = organisation.business_ids.filter(valid_to=None)
    return current.values_list("code", flat=True).first() or ""


def _owners(record: RegisterRecord, on: date) -> set[str]:
    if record.kind == Kind.INTERMEDIARY:
        return {record.business_id, record.oid}
    provider = queries.get_record(record.provider_oid, on=on) if record.provider_oid else None
    return {record.business_id, provider.business_id if provider else ""}
