"""Send reminders of certificates that are about to expire or have; Celery beat runs this daily."""

from datetime import datetime

from django.db import transaction

from applications.models import Application
from applications.rules import recipients, reminders, renewal
from applications.services import sent_once
from applications.services.collected import Notify, collected
from certportal.foundation.outbox.jobs import for_each
from issuance.models import Certificate

CONCERNED = ("applicant", "mailbox", "technical_contact")


def remind_of_expiry(*, now: datetime) -> None:
    """Send each reminder that is due once; after an outage, only the latest of those missed."""
    told = reminders.ending_soon(now) | reminders.ended_lately(now)
    ending = Certificate.objects.filter(told).order_by("not_after")
    expiring = {certificate.pk: certificate for certificate in ending}
    due = [
        key
        for key, certificate in expiring.items()
        if reminders.due_now(certificate, now) is not None
    ]
    with collected(now) as notify:
        for_each(due, lambda key: remind(expiring[key], notify, now=now))


@transaction.atomic
def remind(certificate: Certificate, notify: Notify, *, now: datetime) -> None:
    """Enqueue the due reminder to all concerned, each address once, unless it is renewed."""
    application = Application.objects.filter(pk=certificate.reference, erased_at=None).first()
    due = reminders.due_now(certificate, now)
    if application is None or due is None or renewal.is_renewed(application, certificate):
        return
    if sent_once.once("renewal", application.pk, str(due), now=now):
        people = recipients.author(application)
        if reminders.reaches_administrators(application, certificate, due, now=now):
            people += recipients.administrators(application)
        to = recipients.distinct(application, (*CONCERNED, *people))
        notify(application, "expired" if due == reminders.ENDED else "renewal", to, now)
