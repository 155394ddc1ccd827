"""Addresses of the URL table with the keys of real things."""

from collections.abc import Callable
from functools import partial
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
from issuance.models import BlockEnding
from tests.isolation.table import Entry

OF_AN_ORGANISATION = {
    *["application_id", "csr_id", "host_id", "section_id", "kind", "attachment_id", "number"],
    *["document_id", "asking_id", "event_id"],
    *["membership_id", "invitation_id", "request_id", "person_id", "task_id", "item_id"],
    *["waiver_id", "rule", "domain_id", "consent_id", "bulk_order_id"],
    *["plan_id", "certificate_id", "factor_id", "session_id", "organisation_id", "spki_sha256"],
    "ending_id",
}


def leads_to_an_organisation(entry: Entry) -> bool:
    return bool(entry.wants & OF_AN_ORGANISATION)


def address(entry: Entry, application: Application) -> str:
    """Return the address with the ids of this application's own things."""
    ids = ids_of(application)
    return reverse(entry.name, kwargs={name: ids[name]() for name in entry.wants})


def ids_of(application: Application) -> dict[str, Callable[[], object]]:
    """Return how to find what each address wants to be told: most want one thing of the many."""
    owner = {"organisation": application.organisation}
    event = {"object_type": "application", "object_id": str(application.pk)}
    plain = {
        "application_id": application.pk,
        "bulk_order_id": application.bulk_order_id or uuid4(),
        "organisation_id": application.organisation_id,
        "number": 1,
        "section_id": "host_names",
        "rule": OID_OUTSIDE,
        "factor_id": 1,
        "session_id": uuid4(),
        **{"run_id": 1, "record_id": 1, "record_kind": "unit", "oid": "1.2.246.10.1"},
        "tool": "openssl",
        "token": "x" * 43,  # no link's token: whoever has one may open what it leads to
        "kind": "der",
        "type": "server",
    }
    return {name: partial(str, value) for name, value in plain.items()} | {
        "csr_id": partial(request_of, application),
        "consent_id": partial(first, SupplierConsent, customer=application.organisation),
        "domain_id": partial(first, Domain, **owner),
        "host_id": partial(first, HostName),
        "attachment_id": partial(first, Attachment),
        "document_id": partial(first, RightDocument),
        "asking_id": partial(first, AdministratorRequest),
        "event_id": partial(first, Event, **event),
        "membership_id": partial(first, Membership, **owner, ended_at=None),
        "invitation_id": partial(first, Invitation),
        "request_id": partial(first, JoinRequest),
        "task_id": partial(first, RegisterTask),
        "item_id": set_aside,
        "plan_id": partial(first, Replacement),
        "certificate_id": partial(first, ReplacementItem),
        "waiver_id": partial(first, Waiver),
        "reason_id": partial(first, ReadyReason),
        "person_id": partial(first, Person),
        "spki_sha256": partial(key_of, application),
        "ending_id": partial(first, BlockEnding),
    }


def request_of(application: Application) -> object:
    """Return the id of its latest certificate request; one that nothing has if it has none."""
    request = application.csrs.order_by("uploaded_at").last()
    return request.pk if request else uuid4()


def key_of(application: Application) -> object:
    """Return the hash of the key in its latest certificate request; of no key if it has none."""
    request = application.csrs.order_by("uploaded_at").last()
    return request.spki_sha256 if request else "ab" * 32


def first(model: type[Model], **conditions: object) -> object:
    """Return the id of a row of the model; 1 if there is none in this test."""
    row = model._default_manager.filter(**conditions).first()
    return row.pk if row else 1


def set_aside() -> object:
    """Return the id of a mail about an order, which now did not go."""
    mails = OutboxItem.objects.filter(topic="application.notice")
    mails.update(failed_at=clock.now(), done_at=None)
    return mails[0].pk
