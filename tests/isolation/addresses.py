"""Addresses of the URL table with the keys of real things."""

from uuid import uuid4

from django.db.models import Model
from django.urls import reverse

from accounts.models import (
    AdministratorRequest,
    Invitation,
    JoinRequest,
    Membership,
    Person,
    RightDocument,
    SupplierConsent,
)
from applications.models import (
    Application,
    Attachment,
    Domain,
    HostName,
    ReadyReason,
    RegisterTask,
    Replacement,
    ReplacementItem,
    Waiver,
)
from applications.rules.waivers import OID_OUTSIDE
from certportal.foundation import clock
from certportal.foundation.models import Event, OutboxItem
from tests.isolation.table import Entry

OF_AN_ORGANISATION = {
    *["application_id", "csr_id", "host_id", "section_id", "kind", "attachment_id", "number"],
    *["document_id", "asking_id", "event_id"],
    *["membership_id", "invitation_id", "request_id", "person_id", "task_id", "item_id"],
    *["waiver_id", "rule", "domain_id", "consent_id", "bulk_order_id"],
    *["plan_id", "certificate_id", "factor_id", "session_id", "organisation_id"],
}


def leads_to_an_organisation(entry: Entry) -> bool:
    return bool(entry.wants & OF_AN_ORGANISATION)


def address(entry: Entry, application: Application) -> str:
    """Return the address with the ids of this application's own things."""
    request = application.csrs.order_by("uploaded_at").last()
    known = {
        "application_id": application.pk,
        "consent_id": first(SupplierConsent, customer=application.organisation),
        "bulk_order_id": application.bulk_order_id or uuid4(),
        "domain_id": first(Domain, organisation=application.organisation),
        "csr_id": request.pk if request else uuid4(),
        "host_id": first(HostName),
        "attachment_id": first(Attachment),
        "document_id": first(RightDocument),
        "asking_id": first(AdministratorRequest),
        "number": 1,
        "event_id": first(Event, object_type="application", object_id=str(application.pk)),
        "membership_id": first(Membership, organisation=application.organisation, ended_at=None),
        "invitation_id": first(Invitation),
        "organisation_id": application.organisation_id,
        "request_id": first(JoinRequest),
        "section_id": "host_names",
        "task_id": first(RegisterTask),
        "item_id": set_aside(),
        "plan_id": first(Replacement),
        "certificate_id": first(ReplacementItem),
        "waiver_id": first(Waiver),
        "rule": OID_OUTSIDE,
        "reason_id": first(ReadyReason),
        "factor_id": 1,
        "session_id": uuid4(),
        **{"run_id": 1, "record_id": 1, "record_kind": "unit", "oid": "1.2.246.10.1"},
        "tool": "openssl",
        "token": "x" * 43,  # no link's token: whoever has one may open what it leads to
        "kind": "der",
        "type": "server",
        "person_id": first(Person),
    }
    return reverse(entry.name, kwargs={name: known[name] for name in entry.wants})


def first(model: type[Model], **conditions: object) -> object:
    """Return the id of a row of the model; 1 if there is none in this test."""
    row = model._default_manager.filter(**conditions).first()
    return row.pk if row else 1


def set_aside() -> object:
    """Return the id of a mail about an order, which now did not go."""
    mails = OutboxItem.objects.filter(topic="application.notice")
    mails.update(failed_at=clock.now(), done_at=None)
    return mails[0].pk
