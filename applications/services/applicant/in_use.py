"""The customer reports that a certificate is installed, or that they take care of its renewal."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Person
from applications.access import acting, as_technician
from applications.documents.certificate_files import certificate_of
from applications.errors import LinkOver, require
from applications.models import Application
from applications.rules import contact_links, renewal
from applications.services import transition
from applications.services.applicant.identified import MayNotAct
from applications.workflow import ApplicationEvent
from certportal.foundation import events
from certportal.foundation.actors import Actor


@transaction.atomic
def say_installed(application_id: UUID, *, actor: Actor, now: datetime) -> Application:
    """Record that the order's certificate is in use. Reporting it again changes nothing.

    Raises NotInForce, LinkOver if the contact's link has ended, and MayNotAct if the person has no
    part in the order any more.
    """
    application = transition.lock(application_id)
    _require_part(application, actor, now)
    if application.installed_at is None:
        require(renewal.obstacles(certificate_of(application), now=now))
        _say(application, "installed_at", ApplicationEvent.INSTALLED, actor, now)
    return application


@transaction.atomic
def see_to_renewal(application_id: UUID, *, actor: Actor, now: datetime) -> Application:
    """Record that the person takes care of the renewal, unless somebody already does.

    Raises NotInForce, TooEarly before the day of the first reminder, and MayNotAct.
    """
    application = transition.lock(application_id)
    if actor.kind != "person":
        raise MayNotAct  # a link identifies no person, and mostly ends before the certificate
    _require_part(application, actor, now)
    if renewal.seen(application, now=now) is None:
        require(renewal.obstacles_to_seeing(certificate_of(application), now=now))
        _say(application, "expiry_seen_at", ApplicationEvent.EXPIRY_SEEN, actor, now)
    return application


def _require_part(application: Application, actor: Actor, now: datetime) -> None:
    """Raise unless the actor still has a part in the order, checked under its lock."""
    if actor.kind == "technical_contact":
        link = application.contact_links.get(pk=actor.id)
        if not contact_links.is_valid(link, application, now=now):
            raise LinkOver
        return
    person = Person.objects.get(pk=actor.id)
    acts = acting(person, application.organisation_id)
    if acts is None and as_technician(person, application, now=now) is None:
        raise MayNotAct


def _say(
    application: Application, column: str, event: ApplicationEvent, actor: Actor, now: datetime
) -> None:
    """Set the column to `now` if it is empty, and record the event."""
    certificate = certificate_of(application)
    assert certificate is not None
    if getattr(application, column) is None:
        transition.save(application, now=now, **{column: now})
    events.record(event, application, actor, now, certificate=certificate.pk)
