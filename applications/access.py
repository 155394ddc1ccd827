"""Fetch and authorise in one call; without access, the answer is 404 and the attempt recorded."""

from dataclasses import replace
from datetime import datetime
from functools import reduce
from operator import or_
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from django.http import Http404

from accounts import access, consents
from accounts.models import Membership, Person
from accounts.right_to_act import is_shown
from applications.models import Application, BulkOrder
from applications.workflow import ApplicationEvent, Status
from certportal.foundation.actors import Actor
from certportal.foundation.events import Subject
from certportal.foundation.web import refusals

ACTING = (Membership.Role.ADMINISTRATOR, Membership.Role.APPLICANT)

RELATED = ("organisation", "csr", "reviewer", "submission__person", "submission__record")
"""What every page about an order names."""


def acting(person: Person, organisation_id: UUID) -> Membership | None:
    """Return the person's membership if they may order for the organisation, else None."""
    membership = access.current_membership(person, organisation_id)
    return membership if membership is not None and membership.role in ACTING else None


def get_for_applicant(person: Person, application_id: UUID) -> Application:
    """Return the application if the person may act for its organisation; else raise Http404."""
    found = Application.objects.select_related(*RELATED)
    application = found.filter(pk=application_id).first()
    if application is not None:
        membership = acting(person, application.organisation_id)
        if membership is not None and _sees(membership, application):
            return application
    raise _refused(person, application_id, application)


def orders_seen(person: Person, organisation_id: UUID) -> QuerySet[Application]:
    """Return the organisation's orders that the person may see; none if they are not a member.

    Until a member's right to act has been confirmed, these are the orders they began or sent
    themselves.
    """
    orders = Application.objects.filter(organisation=organisation_id)
    membership = access.current_membership(person, organisation_id)
    if membership is None:
        return orders.none()
    return orders if is_shown(membership) else orders.filter(_own(person))


def _sees(membership: Membership, application: Application) -> bool:
    """Whether the order is one of those that `orders_seen` returns."""
    if application.created_by_id == membership.person_id or is_shown(membership):
        return True
    return Application.objects.filter(_own(membership.person), pk=application.pk).exists()


def _own(person: Person) -> Q:
    """Return the condition for orders begun or sent by the person, or one merged into them."""
    began = Q(created_by=person) | Q(created_by__merged_into=person)
    sent = Q(submission__person=person) | Q(submission__person__merged_into=person)
    return began | sent


def get_bulk_order(person: Person, bulk_order_id: UUID) -> BulkOrder:
    """Return the bulk order if the person sees one of its orders as an applicant; else raise 404.

    It has no owner of its own: its orders tell, also after they went to a successor.
    """
    found = BulkOrder.objects.filter(pk=bulk_order_id).first()
    if found is not None and bulk_orders_seen(person, found).exists():
        return found
    refusals.record(
        ApplicationEvent.ACCESS_REFUSED,
        Subject("bulk_order", bulk_order_id),
        actor=access.actor_for(person),
    )
    raise Http404


def bulk_orders_seen(person: Person, together: BulkOrder) -> QuerySet[Application]:
    """Return those of its orders that the person may act on, by number."""
    owners = together.orders.order_by().values_list("organisation", flat=True).distinct()
    seen = (orders_seen(person, one) for one in owners if acting(person, one) is not None)
    found = reduce(or_, seen, Application.objects.none())
    return found.filter(bulk_order=together).order_by("number")


def get_for_technical(
    person: Person, application_id: UUID, *, address: str = "", now: datetime
) -> tuple[Application, Actor]:
    """Return a submitted order and as whom the person acts on it; else raise Http404.

    It is an order that names this technical member, or one of a customer of their organisation.
    """
    found = Application.objects.select_related("organisation", "csr", "submission")
    application = found.filter(pk=application_id).first()
    actor = as_technician(person, application, address=address, now=now) if application else None
    if application is not None and actor is not None:
        return application, actor
    raise _refused(person, application_id, application)


def as_technician(
    person: Person, application: Application, *, address: str = "", now: datetime
) -> Actor | None:
    """Return as whom the person acts as the order's technician: by name, or for a supplier."""
    organisation, actor = application.organisation_id, access.actor_for(person, address)
    if naming(person, organisation).filter(pk=application.pk).exists():
        return actor
    supplier = None
    if application.status != Status.DRAFT:
        supplier = consents.supplier_for(person, organisation, now=now)
    return replace(actor, supplier=str(supplier.pk)) if supplier else None


def orders_supplied(person: Person, supplier_id: UUID, *, now: datetime) -> QuerySet[Application]:
    """Return the submitted orders of the supplier's customers; none if they do not act for it."""
    customers = consents.received(person, supplier_id, now=now).values("customer")
    return Application.objects.filter(organisation__in=customers).exclude(status=Status.DRAFT)


def is_technician(person: Person, application_id: UUID, *, now: datetime) -> bool:
    """Whether the person acts on the order as its technician, and may not order for its account."""
    found = Application.objects.filter(pk=application_id).first()
    if found is None or acting(person, found.organisation_id) is not None:
        return False
    return as_technician(person, found, now=now) is not None


def naming(person: Person, organisation_id: UUID) -> QuerySet[Application]:
    """Return the organisation's submitted orders that name this technical member's address."""
    membership = access.current_membership(person, organisation_id)
    if membership is None or membership.role != Membership.Role.TECHNICAL:
        return Application.objects.none()
    if person.email_verified_at is None or not is_shown(membership):
        return Application.objects.none()
    orders = Application.objects.filter(organisation=organisation_id).exclude(status=Status.DRAFT)
    mine = Q(technical_email__iexact=person.email) | Q(deputy_email__iexact=person.email)
    return orders.filter(mine).order_by("-changed_at")


def get_for_reviewer(person: Person, application_id: UUID) -> Application:
    """Return the submitted application if the person reads the console; else raise Http404."""
    found = Application.objects.select_related(*RELATED)
    application = found.filter(pk=application_id).exclude(status=Status.DRAFT).first()
    if application is not None and access.reads_console(person):
        return application
    raise _refused(person, application_id, application)


def get_part[Row: Model](actor: Actor, rows: QuerySet[Row], key: object) -> Row:
    """Return the row with the key from the rows of an order fetched by this module.

    A key that is not among them raises Http404 and is recorded.
    """
    found = rows.filter(pk=key).first()
    if found is None:
        raise access.not_found(actor, str(rows.model._meta.model_name), key)
    return found


def _refused(person: Person, key: UUID, application: Application | None) -> Http404:
    """Record the attempt, even if the id does not exist, and return the Http404 to raise."""
    refusals.record(
        ApplicationEvent.ACCESS_REFUSED,
        Subject("application", key, application.organisation_id if application else None),
        actor=access.actor_for(person),
    )
    return Http404()
