"""What the customer says of a certificate in force: that it is in use, that the next is seen to."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from applications.documents.certificate_files import certificate_of
from applications.errors import require
from applications.models import Application
from applications.rules import renewal
from applications.services import transition
from applications.workflow import ApplicationEvent
from certportal.foundation import events
from certportal.foundation.actors import Actor


def say_installed(application_id: UUID, *, actor: Actor, now: datetime) -> Application:
    """Record that the order's certificate is in use. Raises NotInForce."""
    return _say(application_id, "installed_at", ApplicationEvent.INSTALLED, actor, now)


def see_to_renewal(application_id: UUID, *, actor: Actor, now: datetime) -> Application:
    """Record that somebody sees to the next certificate. Raises NotInForce."""
    return _say(application_id, "expiry_seen_at", ApplicationEvent.EXPIRY_SEEN, actor, now)


@transaction.atomic
def _say(
    application_id: UUID, column: str, event: ApplicationEvent, actor: Actor, now: datetime
) -> Application:
    """Save what the actor says. A second time, by whomever, changes and records nothing."""
    application = transition.lock(application_id)
    if getattr(application, column) is None:
        certificate = certificate_of(application)
        require(renewal.obstacles(certificate, now=now))
        assert certificate is not None
        transition.save(application, now=now, **{column: now})
        events.record(event, application, actor, now, certificate=certificate.pk)
    return application
