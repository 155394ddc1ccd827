"""A frozen submission in words: the names of its fields, and their values for a reader."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications.declarations import DECLARATIONS
from applications.kinds import CertificateType, Delivery, Purpose
from certportal.foundation import clock

LABELS: dict[str, Promise] = {
    "organisation": gettext_lazy("Organisation"),
    "business_id": gettext_lazy("Business ID"),
    "type": gettext_lazy("Type of certificate"),
    "unit": gettext_lazy("Organisational unit"),
    "record_oid": gettext_lazy("OID of the unit"),
    "organisation_spelling": gettext_lazy("Organisation in the certificate"),
    "unit_spelling": gettext_lazy("Unit in the certificate"),
    "purpose": gettext_lazy("Purpose of use"),
    "host_names": gettext_lazy("Host names"),
    "system_name": gettext_lazy("Information system"),
    "system_oid": gettext_lazy("System's OID"),
    "certified_email": gettext_lazy("Mailbox to be certified"),
    "mailbox_proved_at": gettext_lazy("Mailbox proven at"),
    "conformity_system_name": gettext_lazy("System in the certificate of conformity"),
    "conformity_version": gettext_lazy("Version of the system"),
    "conformity_class": gettext_lazy("Class of the system"),
    "conformity_number": gettext_lazy("Number of the certificate of conformity"),
    "conformity_valid_until": gettext_lazy("Certificate of conformity valid until"),
    "attachments": gettext_lazy("SHA-256 of the attachments"),
    "validity_months": gettext_lazy("Validity in months"),
    "start": gettext_lazy("First day of validity"),
    "contact_name": gettext_lazy("Contact person"),
    "contact_email": gettext_lazy("Contact person's email address"),
    "contact_phone": gettext_lazy("Contact person's telephone number"),
    "mailbox": gettext_lazy("Shared technical mailbox"),
    "deliver_to": gettext_lazy("Who gets the certificate"),
    "technical_name": gettext_lazy("Technical contact"),
    "technical_email": gettext_lazy("Technical contact's email address"),
    "technical_organisation": gettext_lazy("Technical contact's organisation"),
    "technical_language": gettext_lazy("Technical contact's language"),
    "deputy_name": gettext_lazy("Deputy of the technical contact"),
    "deputy_email": gettext_lazy("Email address of the deputy"),
    "csr_by": gettext_lazy("Who brings the certificate request"),
    "csr": gettext_lazy("SHA-256 of the certificate request"),
    "declarations": gettext_lazy("Declarations"),
    "person_name": gettext_lazy("Signed by"),
}


def _day(value: str) -> str:
    return date_format(date.fromisoformat(value), "SHORT_DATE_FORMAT")


def _moment(value: str) -> str:
    at = datetime.fromisoformat(value).astimezone(clock.HELSINKI)
    return date_format(at, "SHORT_DATETIME_FORMAT")


WORDS: dict[str, Callable[[str], Any]] = {
    "type": lambda value: CertificateType(value).label,
    "purpose": lambda value: Purpose(value).label,
    "deliver_to": lambda value: Delivery(value).label,
    "csr_by": lambda value: Delivery(value).label,
    "start": _day,
    "conformity_valid_until": _day,
    "mailbox_proved_at": _moment,
    "technical_language": lambda value: dict(settings.LANGUAGES)[value],
}


def facts(content: dict[str, Any], *, without: frozenset[str]) -> list[tuple[str, str]]:
    """Return name and value of what was given, in the form's order; empty fields are left out."""
    given = [(name, content.get(name)) for name in LABELS if name not in without]
    return [(str(LABELS[name]), in_words(name, value)) for name, value in given if value]


def in_words(name: str, value: Any) -> str:
    """Return a frozen value for a reader, in the active language."""
    if name == "declarations":
        return " ".join(str(DECLARATIONS.get(one, one)) for one in value)
    if isinstance(value, list):
        return ", ".join(str(one) for one in value) or _("none")
    return str(WORDS[name](value)) if name in WORDS else str(value)
