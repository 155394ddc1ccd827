"""Fetch and authorise in one call; without access, raise 404 and record the attempt."""

from dataclasses import replace
from datetime import datetime
from functools import reduce
from operator import or_
from uuid import UUID

from django.db.models import F, Model, Q, QuerySet
from django.http import Http404

from accounts import access, consents
from accounts.models import Membership, Organisation, Person, Succession
from accounts.right_to_act import is_shown
from applications.errors import MayNotAct
from applications.models import Application, BulkOrder, Domain, HostName
from applications.workflow import ApplicationEvent, Status
from certportal.foundation.actors import Actor
from certportal.foundation.database.combined_queries import Asks, Question, Values, compiled_for
from certportal.foundation.database.related_rows import by_key
from certportal.foundation.events import Subject
from certportal.foundation.text.mail_addresses import mailbox
from certportal.foundation.web import refusals
from issuance.models import Certificate

ACTING = (Membership.Role.ADMINISTRATOR, Membership.Role.APPLICANT)

SUBMISSION = ("submission", "submission__person", "submission__record")
_order = by_key(Application, "organisation", "csr", "reviewer", *SUBMISSION)
"""Reads an order with the rows that every page about it needs."""


def acting(person: Person, organisation_id: UUID) -> Membership | None:
    """Return the person's membership if they may order for the organisation, else None."""
    membership = access.current_membership(person, organisation_id)
    return membership if membership is not None and membership.role in ACTING else None


def stays_acting(person: Person, organisation_id: UUID) -> bool:
    """Whether the person may order for the organisation until the transaction ends.

    Called in the transaction that writes: a membership may have ended since the page looked at it.
    """
    return person.keep_membership(organisation_id) in ACTING


def require_acting(organisation_id: UUID, actor: Actor) -> None:
    """Raise MayNotAct unless the person stays one who may order for the organisation."""
    if not stays_acting(Person.objects.get(pk=actor.id), organisation_id):
        raise MayNotAct


def get_for_applicant(person: Person, application_id: UUID) -> Application:
    """Return the application if the person may act for its organisation; else raise Http404."""
    application = _order(application_id)
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
    return orders if is_shown(membership) else orders.filter(own(person))


def certificates_seen(person: Person, organisation_id: UUID) -> QuerySet[Certificate]:
    """Return the certificates of the orders that the person may see."""
    if sees_all(person, organisation_id):
        return certificates_of_account(organisation_id)
    return certificates_of(orders_seen(person, organisation_id), {organisation_id})


def certificates_of_account(organisation_id: UUID) -> QuerySet[Certificate]:
    """Return the certificates of all orders of the account."""
    if any(organisation_id in pair for pair in successions()):
        orders = Application.objects.filter(organisation=organisation_id)
        return certificates_of(orders, {organisation_id})
    # No order has come to the account or left it: each certificate names its order's account.
    return Certificate.objects.filter(organisation=organisation_id)


def certificates_of(orders: QuerySet[Application], owners: set[UUID]) -> QuerySet[Certificate]:
    """Return the certificates of the orders, all of which belong to the owners."""
    # The orders alone would do, but the database has an index by organisation.
    issued = Certificate.objects.filter(organisation__in=_with_formers(owners))
    return issued.filter(reference__in=orders.values("pk"))


def _with_formers(owners: set[UUID]) -> set[UUID]:
    """Return the organisations and those that they succeeded, which certificates still name."""
    found, new = set[UUID](), owners
    while new:
        found |= new
        new = {former for successor, former in successions() if successor in new} - found
    return found


@Question
def successions() -> Asks[list[tuple[UUID, UUID]]]:
    """Return all successors, which are few, each with an organisation that it succeeded."""
    return _successions(), list


@compiled_for()
def _successions() -> Values:
    found = Succession.objects.exclude(organisation=F("successor")).order_by()
    return Values(found.values_list("successor", "organisation"), 2)


def domains_seen(person: Person, organisation_id: UUID) -> QuerySet[Domain]:
    """Return the organisation's domains that the person may see, as `orders_seen` the orders.

    Until their right has been confirmed, these are the host names of their own orders.
    """
    found = Domain.objects.filter(organisation=organisation_id)
    own = _own_names(person, organisation_id)
    return found if own is None else found.filter(name__in=own)


def sees_all(person: Person, organisation_id: UUID) -> bool:
    """Whether the person is a member whose right to act is confirmed, and so sees all orders."""
    membership = access.current_membership(person, organisation_id)
    return membership is not None and is_shown(membership)


def may_look_up(person: Person, organisation_id: UUID, name: str) -> bool:
    """Whether the member may have the domain looked up: see `domains_seen`."""
    own = _own_names(person, organisation_id)
    return own is None or own.filter(name=name).exists()


def _own_names(person: Person, organisation_id: UUID) -> QuerySet[HostName, str] | None:
    """Return the host names of the orders that the person sees; None if they see all orders."""
    if sees_all(person, organisation_id):
        return None
    seen = orders_seen(person, organisation_id)
    return HostName.objects.filter(application__in=seen).values_list("name", flat=True)


def _sees(membership: Membership, application: Application) -> bool:
    if application.created_by_id == membership.person_id or is_shown(membership):
        return True
    return Application.objects.filter(own(membership.person), pk=application.pk).exists()


def own(person: Person) -> Q:
    """Return the condition for orders begun or sent by the person, or one merged into them."""
    began = Q(created_by=person) | Q(created_by__merged_into=person)
    sent = Q(submission__person=person) | Q(submission__person__merged_into=person)
    return began | sent


def get_bulk_order(person: Person, bulk_order_id: UUID) -> BulkOrder:
    """Return the bulk order if the person sees one of its orders as an applicant; else raise 404.

    A bulk order has no owner of its own: its orders have, which may pass to a successor.
    """
    bulk_order = BulkOrder.objects.filter(pk=bulk_order_id).first()
    if bulk_order is not None and bulk_orders_seen(person, bulk_order).exists():
        return bulk_order
    refusals.record(
        ApplicationEvent.ACCESS_REFUSED,
        Subject("bulk_order", bulk_order_id),
        actor=access.actor_for(person),
    )
    raise Http404


def bulk_orders_seen(person: Person, bulk_order: BulkOrder) -> QuerySet[Application]:
    """Return those of the bulk order's orders that the person may act on, by number."""
    owners = bulk_order.orders.order_by().values_list("organisation", flat=True).distinct()
    seen = (orders_seen(person, owner) for owner in owners if acting(person, owner) is not None)
    orders = reduce(or_, seen, Application.objects.none())
    return orders.filter(bulk_order=bulk_order).order_by("number")


def get_for_technical(
    person: Person, application_id: UUID, *, address: str = "", now: datetime
) -> tuple[Application, Actor]:
    """Return a submitted order with the person as its technician's actor; else raise Http404.

    The order must name this technical member, or belong to a customer of their organisation.
    """
    application = _order(application_id)
    actor = as_technician(person, application, address=address, now=now) if application else None
    if application is not None and actor is not None:
        return application, actor
    raise _refused(person, application_id, application)


def as_technician(
    person: Person, application: Application, *, address: str = "", now: datetime
) -> Actor | None:
    """Return the person as actor if they are the order's technician, by name or for a supplier."""
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


def certificates_supplied(
    person: Person, supplier_id: UUID, *, now: datetime
) -> QuerySet[Certificate]:
    """Return the certificates of the supplier's customers, as `orders_supplied` the orders."""
    customers = consents.received(person, supplier_id, now=now).values_list("customer", flat=True)
    # Read here are those customers alone that succeeded another organisation, which are few.
    successors = {successor for successor, _former in successions()}
    formers = _with_formers(set(customers.filter(customer__in=successors)))
    owners = Organisation.objects.filter(Q(pk__in=customers) | Q(pk__in=formers)).values("pk")
    issued = Certificate.objects.filter(organisation__in=owners)
    return issued.filter(reference__in=orders_supplied(person, supplier_id, now=now).values("pk"))


def is_technician(person: Person, application_id: UUID, *, now: datetime) -> bool:
    """Return whether the person is the order's technician, and may not order for its account."""
    application = Application.objects.filter(pk=application_id).first()
    if application is None or acting(person, application.organisation_id) is not None:
        return False
    return as_technician(person, application, now=now) is not None


def naming(person: Person, organisation_id: UUID) -> QuerySet[Application]:
    """Return the organisation's submitted orders that name this technical member's address."""
    membership = access.current_membership(person, organisation_id)
    if membership is None or membership.role != Membership.Role.TECHNICAL:
        return Application.objects.none()
    if person.email_verified_at is None or not is_shown(membership):
        return Application.objects.none()
    orders = Application.objects.filter(organisation=organisation_id).exclude(status=Status.DRAFT)
    own, columns = mailbox(person.email), ("technical_email", "deputy_email")
    named = {each for pair in orders.values_list(*columns).distinct() for each in pair}
    spellings = [each for each in named if mailbox(each) == own]
    return orders.filter(Q(technical_email__in=spellings) | Q(deputy_email__in=spellings))


def get_for_reviewer(person: Person, application_id: UUID) -> Application:
    """Return the submitted application if the person reads the console; else raise Http404."""
    application = _order(application_id)
    is_sent = application is not None and application.status != Status.DRAFT
    if application is not None and is_sent and access.reads_console(person):
        return application
    raise _refused(person, application_id, application)


def get_part[Row: Model](actor: Actor, rows: QuerySet[Row], key: object) -> Row:
    """Return the row with the key from the rows of an order fetched by this module.

    A key that is not among them raises Http404 and is recorded.
    """
    row = rows.filter(pk=key).first()
    if row is None:
        raise access.not_found(actor, str(rows.model._meta.model_name), key)
    return row


def _refused(person: Person, key: UUID, application: Application | None) -> Http404:
    """Record the attempt, even if the id does not exist, and return the Http404 to raise."""
    refusals.record(
        ApplicationEvent.ACCESS_REFUSED,
        Subject("application", key, application.organisation_id if application else None),
        actor=access.actor_for(person),
    )
    return Http404()
