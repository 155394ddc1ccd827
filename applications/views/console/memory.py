"""What is known of the organisation already: earlier orders, decisions, certificates, changes."""

import json
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications.models import Application, Submission
from applications.workflow import Status
from issuance.models import Certificate

MOST = 10

LABELS: dict[str, Promise] = {
    "type": gettext_lazy("Type of certificate"),
    "record_oid": gettext_lazy("OID of the unit"),
    "organisation_spelling": gettext_lazy("Organisation in the certificate"),
    "unit_spelling": gettext_lazy("Unit in the certificate"),
    "purpose": gettext_lazy("Purpose of use"),
    "host_names": gettext_lazy("Host names"),
    "system_name": gettext_lazy("Information system"),
    "system_oid": gettext_lazy("System's OID"),
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
    "csr_by": gettext_lazy("Who brings the certificate request"),
    "csr": gettext_lazy("SHA-256 of the certificate request"),
    "declarations": gettext_lazy("Declarations"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs between two submissions."""

    label: str
    before: str
    after: str


def changes(submissions: list[Submission]) -> list[Change]:
    """Return what differs between the last two submissions; nothing when there is only one."""
    if len(submissions) < 2:
        return []
    before, after = (json.loads(one.content) for one in submissions[-2:])
    return [
        Change(str(label), plain(before.get(name)), plain(after.get(name)))
        for name, label in LABELS.items()
        if before.get(name) != after.get(name)
    ]


def contents(submission: Submission) -> list[tuple[str, str]]:
    """Return the frozen fields with their names."""
    frozen = json.loads(submission.content)
    return [(str(label), plain(frozen[name])) for name, label in LABELS.items() if name in frozen]


def plain(value: Any) -> str:
    """Return a frozen value as text."""
    if isinstance(value, list):
        return ", ".join(str(one) for one in value) or _("none")
    return str(value) if value not in {None, ""} else _("none")


def earlier(application: Application) -> QuerySet[Application]:
    """Return the organisation's other submitted orders with their decisions, newest first."""
    others = Application.objects.filter(organisation=application.organisation_id)
    submitted = others.exclude(pk=application.pk).exclude(status=Status.DRAFT)
    return submitted.prefetch_related("decisions").order_by("-submitted_at")[:MOST]


def certificates(application: Application) -> QuerySet[Certificate]:
    """Return the organisation's certificates, newest first."""
    found = Certificate.objects.filter(organisation=application.organisation_id)
    return found.order_by("-issued_at")[:MOST]
