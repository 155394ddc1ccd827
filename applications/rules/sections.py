"""The parts of the form: which fields each holds, when it is asked, and when it is complete.

The task list, the reopening of single parts by a reviewer and the check before submitting all
read this table.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.register import queries
from applications import conformity, ownership
from applications.kinds import CertificateType, Delivery
from applications.models import Application
from certportal.foundation import clock


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the form: id, title, model fields, for which types, and when it is complete."""

    id: str
    title: Promise
    fields: tuple[str, ...]
    asked: Callable[[Application, date], bool]
    complete: Callable[[Application], bool]

    def is_touched(self, application: Application) -> bool:
        """Return whether anything has been given in this part."""
        return any(getattr(application, field) for field in self.fields)


def _always(_application: Application, _on: date) -> bool:
    return True


def _is_server(application: Application, _on: date) -> bool:
    return CertificateType(application.type).is_server


def _is_signature(application: Application, _on: date) -> bool:
    return CertificateType(application.type).is_signature


def _is_email(application: Application, _on: date) -> bool:
    return CertificateType(application.type).is_email


def _has(*fields: str) -> Callable[[Application], bool]:
    return lambda application: all(getattr(application, field) for field in fields)


def _technical_named(application: Application) -> bool:
    return bool(application.technical_name and application.technical_email)


def _technical_complete(application: Application) -> bool:
    return _technical_named(application) or not needs_technical_contact(application)


def _csr_complete(application: Application) -> bool:
    if application.csr_id is not None:
        return True
    if application.csr_by == Delivery.TECHNICAL_CONTACT:
        return _technical_named(application)
    return application.csr_by == Delivery.APPLICANT  # the applicant sends it after ordering


def needs_technical_contact(application: Application) -> bool:
    """Return whether a technical contact gets the certificate or brings its request."""
    return Delivery.TECHNICAL_CONTACT in {application.deliver_to, application.csr_by}


SECTIONS: tuple[Section, ...] = (
    Section("type", _("Type of certificate"), ("type",), _always, _has("type")),
    Section(
        "unit",
        _("Organisational unit"),
        ("record_kind", "record_oid", "organisation_spelling", "unit_spelling"),
        _always,
        _has("record_oid"),
    ),
    Section("purpose", _("Purpose of use"), ("purpose",), _is_server, _has("purpose")),
    Section(
        "host_names",
        _("Host names"),
        ("host_names",),
        _is_server,
        lambda application: application.host_names.exists(),
    ),
    Section(
        "system",
        _("Information system"),
        ("system_name", "system_oid"),
        _is_signature,
        _has("system_name", "system_oid"),
    ),
    Section(
        "mailbox_proof",
        _("Mailbox to be certified"),
        ("certified_email", "mailbox_proved_at"),
        _is_email,
        _has("certified_email", "mailbox_proved_at"),
    ),
    Section(
        "conformity",
        _("Certificate of conformity"),
        (*conformity.FIELDS, "attachments"),
        conformity.is_asked,
        conformity.is_complete,
    ),
    Section(
        "validity",
        _("Validity"),
        ("validity_months", "start"),
        _always,
        _has("validity_months"),
    ),
    Section(
        "contact",
        _("Contact person"),
        ("contact_name", "contact_email", "contact_phone"),
        _always,
        _has("contact_name", "contact_email"),
    ),
    Section(
        "delivery",
        _("Delivery"),
        ("mailbox", "deliver_to"),
        _always,
        _has("mailbox", "deliver_to"),
    ),
    Section(
        "technical",
        _("Technical contact"),
        (
            "technical_name",
            "technical_email",
            "technical_organisation",
            "technical_language",
            "deputy_name",
            "deputy_email",
        ),
        _always,
        _technical_complete,
    ),
    Section("csr", _("Certificate request (CSR)"), ("csr_by", "csr"), _always, _csr_complete),
)
BY_ID = {section.id: section for section in SECTIONS}


def asked(application: Application, *, on: date) -> list[Section]:
    """Return the parts that are asked of this order that day, in order."""
    return [section for section in SECTIONS if section.asked(application, on)]


def missing(application: Application, *, on: date) -> list[Section]:
    """Return the parts still incomplete, in order."""
    return [section for section in asked(application, on=on) if not section.complete(application)]


def editable(application: Application, *, now: datetime) -> set[str]:
    """Return the ids of the parts that the applicant may change now.

    Beside what a request reopens, whatever is missing: a change can ask for other parts, such as
    another type for the system, or a private unit for the certificate of conformity. So does the
    register: a unit that has ended meanwhile must be changed before the answer can be sent.
    """
    today = clock.day(now)
    if application.status == "draft":
        return {section.id for section in asked(application, on=today)}
    request = application.requests.filter(closed_at=None).first()
    if request is None or application.status != "info_requested":
        return set()
    reopened = set(request.fields) | {section.id for section in missing(application, on=today)}
    if _unit_fault(application, today):
        reopened.add("unit")
    # The type decides which of the unit's names the certificate carries, hence which are spelled.
    return reopened | {"unit"} if "type" in reopened else reopened


def _unit_fault(application: Application, today: date) -> str:
    standing = queries.standing(application.record_oid, application.record_kind, today)
    return ownership.fault(application.organisation, standing, today)
