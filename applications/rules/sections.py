"""The parts of the form: when each is asked for, and when it is complete. See also `fields`.

The task list, the reopening of single parts by a reviewer and the check before submitting all
read this table.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.register.lookup import queries
from applications.errors import NotPossible
from applications.models import Application
from applications.models.certificate_types import CertificateType, Delivery
from applications.rules import (
    conformity,
    fields,
    intermediaries,
    proposed_names,
    systems,
    unit_ownership,
)
from applications.rules.certificate_names import fits, unwritten
from applications.workflow import Role
from certportal.foundation import clock
from certportal.foundation.database.related_rows import related_row
from issuance.certificate.names import is_oid
from issuance.services.blocked_keys import is_blocked


def _has_required(application: Application, part: str) -> bool:
    return all(
        field.value(application) for field in fields.of(part) if fields.REQUIRED in field.marks
    )


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the form: id, title, and whether a type of certificate has it.

    `when` restricts further which orders need it on a day; `also` is a condition of completeness
    besides the required fields; `optional` tells whether the order can do without the part.
    """

    id: str
    title: Promise
    has: Callable[[CertificateType], bool] = lambda _type: True
    when: Callable[[Application, date], bool] = lambda _application, _on: True
    also: Callable[[Application], bool] = lambda _application: True
    optional: Callable[[Application], bool] = lambda _application: False

    @property
    def is_of_some_types(self) -> bool:
        """Whether only some types of certificate have the part."""
        return not all(self.has(kind) for kind in CertificateType)

    def asked(self, application: Application, on: date) -> bool:
        """Return whether the order needs this part on that day."""
        return self.has(application.kind) and self.when(application, on)

    def complete(self, application: Application) -> bool:
        """Return whether everything that the part needs has been given."""
        return _has_required(application, self.id) and self.also(application)

    def is_touched(self, application: Application) -> bool:
        """Return whether anything has been given in this part, not filled in by the service."""
        values = (field.value(application) for field in fields.of(self.id))
        return any(value and value != intermediaries.ORGANISATION for value in values)


def _names_complete(application: Application) -> bool:
    """Return whether the names are given or, before sending, left to the technical contact."""
    if application.names:
        return True
    brought = application.csr_by == Delivery.TECHNICAL_CONTACT and application.csr_id is None
    return brought and application.submission_id is None and proposed_names.are_left(application)


def _technical_named(application: Application) -> bool:
    return bool(application.technical_name and application.technical_email)


def _technical_optional(application: Application) -> bool:
    return not needs_technical_contact(application)


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
    Section("type", _("Type of certificate")),
    Section("unit", _("Organisational unit")),
    Section("purpose", _("Purpose of use"), lambda type: type.has_purpose),
    Section("host_names", _("Host names"), lambda type: type.has_host_names, also=_names_complete),
    Section(
        "system",
        _("Information system"),
        lambda type: type.has_system,
        # Saved before its form refused what the authority does not certify, or past the form.
        also=lambda order: fits(order.system_name) and is_oid(order.system_oid),
    ),
    Section("mailbox_proof", _("Mailbox to be certified"), lambda type: type.has_mailbox),
    Section(
        "conformity",
        _("Certificate of conformity"),
        when=conformity.is_asked,
        also=lambda application: conformity.document(application) is not None,
    ),
    Section("validity", _("Validity")),
    Section("contact", _("Contact person")),
    Section("delivery", _("Delivery")),
    Section(
        "technical",
        _("Technical contact"),
        also=lambda order: _technical_named(order) or _technical_optional(order),
        optional=_technical_optional,
    ),
    Section("csr", _("Certificate request (CSR)"), also=_csr_complete),
)
BY_ID = {section.id: section for section in SECTIONS}


def asked(application: Application, *, on: date) -> list[Section]:
    """Return the parts that this order needs on that day, in order."""
    return [section for section in SECTIONS if section.asked(application, on)]


def missing(application: Application, *, on: date) -> list[Section]:
    """Return the parts still incomplete, in order."""
    return [section for section in asked(application, on=on) if not section.complete(application)]


def editable(application: Application, *, now: datetime) -> set[str]:
    """Return the ids of the parts that the applicant may change now.

    These are the parts that a request reopens, or the proposed host names, and whatever is missing:
    a change can make other parts necessary, such as the system for another type, or the certificate
    of conformity for a private unit. A change in the register can too: a unit that has ended must
    be changed before the answer can be sent, a unit with a new name that a certificate cannot carry
    needs a spelling, and the system's OID must be changed or explained. If the key was blocked
    meanwhile, another certificate request is needed.
    """
    today = clock.day(now)
    if application.status == "draft":
        return {section.id for section in asked(application, on=today)}
    asked_again = _asked_again(application)
    if asked_again is None:
        return set()
    reopened = asked_again | {section.id for section in missing(application, on=today)}
    if _unit_fault(application, today) or unwritten(application, now):
        reopened.add("unit")
    if systems.is_unexplained(application, on=today):
        reopened.add("system")
    if application.status == "info_requested" and _is_key_blocked(application):
        reopened.add("csr")
    # The type decides which of the unit's names the certificate carries and so need a spelling.
    return reopened | {"unit"} if "type" in reopened else reopened


def _asked_again(application: Application) -> set[str] | None:
    """Return the ids of the parts reopened for the applicant; None if nothing is asked of them."""
    if application.status == "names_proposed":
        return {"host_names"}
    request = application.question
    if request is None or application.status != "info_requested":
        return None
    return set(request.fields)


def require_editable(application: Application, section_id: str, *, now: datetime) -> None:
    """Raise NotPossible if the applicant may not change the part now."""
    if section_id not in editable(application, now=now):
        raise NotPossible(status=application.status_words_for(Role.APPLICANT))


def _is_key_blocked(application: Application) -> bool:
    chosen = related_row(application, "csr")
    return chosen is not None and is_blocked(chosen.spki_sha256)


def _unit_fault(application: Application, today: date) -> str:
    standing = queries.standing(application.record_oid, application.record_kind, today)
    return unit_ownership.fault(application.organisation, standing, today)
