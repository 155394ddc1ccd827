"""Reminding of certificates that are about to expire; beat asks daily."""

from datetime import datetime

from django.db import transaction

from applications import notices, renewal
from applications.models import Application
from applications.services import ledger, moving
from issuance.models import Certificate

CONCERNED = ("applicant", "mailbox", "technical_contact")


def remind_of_expiry(*, now: datetime) -> None:
    """Send each reminder that is due, once; after a stop only the latest, not all that were."""
    for certificate in renewal.expiring(now):
        if renewal.due_now(certificate, now) is not None:
            remind(certificate, now=now)


@transaction.atomic
def remind(certificate: Certificate, *, now: datetime) -> None:
    """Remind all concerned, each address once, unless the certificate has been renewed."""
    application = Application.objects.filter(pk=certificate.reference, erased_at=None).first()
    due = renewal.due_now(certificate, now)
    if application is None or due is None or renewal.is_renewed(application, certificate):
        return
    if ledger.once("renewal", application.pk, str(due), now=now):
        moving.notify(application, "renewal", notices.distinct(application, CONCERNED), now)
