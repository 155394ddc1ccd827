"""Fetching and authorising in one call: strangers get 404, and the try is on record."""

from uuid import UUID

from django.db.models import Model, Q, QuerySet
from django.http import Http404

from accounts import access
from accounts.models import Membership, Person
from applications.models import Application
from applications.workflow import Status
from certportal.foundation import clock, events
from certportal.foundation.actors import Actor

ACTING = (Membership.Role.ADMINISTRATOR, Membership.Role.APPLICANT)


def get_for_applicant(person: Person, application_id: UUID) -> Application:
    """Return the application when the person may act for its organisation; else 404."""
    found = Application.objects.select_related("organisation", "csr", "submission", "reviewer")
    application = found.filter(pk=application_id).first()
    if application is not None:
        membership = access.current_membership(person, application.organisation_id)
        if membership is not None and membership.role in ACTING:
            return application
    raise _refused(person, application_id, application)


def get_for_technical(person: Person, application_id: UUID) -> Application:
    """Return the submitted order of their organisation that names a technical member; else 404."""
    found = Application.objects.select_related("organisation", "csr", "submission")
    application = found.filter(pk=application_id).first()
    mine = naming(person, application.organisation_id) if application else found.none()
    if application is not None and mine.filter(pk=application_id).exists():
        return application
    raise _refused(person, application_id, application)


def naming(person: Person, organisation_id: UUID) -> QuerySet[Application]:
    """Return the organisation's submitted orders that name this technical member's address."""
    membership = access.current_membership(person, organisation_id)
    technical = membership is not None and membership.role == Membership.Role.TECHNICAL
    if not technical or person.email_verified_at is None:
        return Application.objects.none()
    orders = Application.objects.filter(organisation=organisation_id).exclude(status=Status.DRAFT)
    mine = Q(technical_email__iexact=person.email) | Q(deputy_email__iexact=person.email)
    return orders.filter(mine).order_by("-changed_at")


def get_for_reviewer(person: Person, application_id: UUID) -> Application:
    """Return the submitted application when the person is a reviewer; else 404."""
    found = Application.objects.select_related("organisation", "csr", "submission", "reviewer")
    application = found.filter(pk=application_id).exclude(status=Status.DRAFT).first()
    if application is not None and access.is_reviewer(person):
        return application
    raise _refused(person, application_id, application)


def get_part[Row: Model](actor: Actor, rows: QuerySet[Row], key: object) -> Row:
    """Return one of the rows of an order that was fetched through here.

    An id that is another order's, or nobody's, gets 404 and is recorded.
    """
    found = rows.filter(pk=key).first()
    if found is None:
        raise access.not_found(actor, str(rows.model._meta.model_name), key)
    return found


def _refused(person: Person, key: UUID, application: Application | None) -> Http404:
    """Record the try, an id that leads nowhere too, and return the Http404 to raise."""
    events.record(
        "application.access_refused",
        actor=access.actor_for(person),
        now=clock.now(),
        object_type="application",
        object_id=key,
        organisation_id=application.organisation_id if application else None,
        refused=True,
    )
    return Http404()
