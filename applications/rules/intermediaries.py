"""Kanta intermediaries, which order certificates in their own name.

The service description: an intermediary in THL's register applies in its own name, and the
organisation of the technical contact must then read "Kanta-välittäjä". The service fills it in.
"""

from datetime import date
from typing import Any

from accounts.models import Organisation
from accounts.register.lookup import queries
from accounts.register.models import Kind, RegisterRecord
from applications.models import Application

ORGANISATION = "Kanta-välittäjä"


def is_mediated(application: Application) -> bool:
    """Return whether an intermediary made the order in its own name."""
    return application.record_kind == Kind.INTERMEDIARY


def record_of(organisation: Organisation, on: date) -> RegisterRecord | None:
    """Return the organisation's record in the register of intermediaries if valid on the day."""
    code = organisation.business_id
    record = queries.find_intermediary(code, on) if code else None
    return record if record is not None and record.is_standing(on) else None


def at_start(organisation: Organisation, *, on: date) -> dict[str, Any]:
    """Return the initial field values of a new draft by an intermediary; empty for others."""
    if organisation.kind != Organisation.Kind.INTERMEDIARY:
        return {}
    record = record_of(organisation, on)
    return {
        "record_kind": Kind.INTERMEDIARY,
        "record_oid": record.oid if record else "",
        "technical_organisation": ORGANISATION,
    }


def by_system(application: Application, fields: dict[str, Any]) -> dict[str, Any]:
    """Return the correction of the technical contact's organisation to save with `fields`.

    Fixed text for an intermediary's order; emptied if the fixed text is left from one.
    """
    kind = fields.get("record_kind", application.record_kind)
    if kind == Kind.INTERMEDIARY:
        return {"technical_organisation": ORGANISATION}
    typed = fields.get("technical_organisation", application.technical_organisation)
    return {"technical_organisation": ""} if typed == ORGANISATION else {}
