"""The customer reports that a certificate is installed, or that they take care of its renewal."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from applications.documents.certificate_files import certificate_of
from applications.errors import MayNotAct, require
from applications.models import Application
from applications.rules import reminders
from applications.services import transition
from applications.services.applicant.identified import require_part
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
    require_part(application, actor, now=now)
    if application.installed_at is None:
        require(reminders.obstacles_to_use(certificate_of(application), now=now))
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
    require_part(application, actor, now=now)
    if reminders.seen(application, now=now) is None:
        require(reminders.obstacles_to_seeing(certificate_of(application), now=now))
        _say(application, "expiry_seen_at", ApplicationEvent.EXPIRY_SEEN, actor, now)
    return application


def _say(
    application: Application, column: str, event: ApplicationEvent, actor: Actor, now: datetime
) -> None:
    """Set the column to `now` if it is empty, and record the event."""
    certificate = certificate_of(application)
    assert certificate is not None
    if getattr(application, column) is None:
        transition.save(application, now=now, **{column: now})
    events.record(event, application, actor, now, certificate=certificate.pk)
