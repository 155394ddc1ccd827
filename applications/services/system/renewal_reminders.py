"""Reminding of certificates that are about to expire; beat asks daily."""

from datetime import datetime

from django.db import transaction

from applications import concerned, notices, renewal
from applications.models import Application
from applications.services import ledger, moving
from certportal.foundation.jobs import for_each
from issuance.models import Certificate

CONCERNED = ("applicant", "mailbox", "technical_contact")
# From so many days on the account's administrators are told too: whoever the order names may have
# left, and the mailbox may be read by nobody.
CLIMBS = 14


def remind_of_expiry(*, now: datetime) -> None:
    """Send each reminder that is due, once; after a stop only the latest, not all that were."""
    expiring = {one.pk: one for one in renewal.expiring(now)}
    due = [key for key, one in expiring.items() if renewal.due_now(one, now) is not None]
    for_each(due, lambda key: remind(expiring[key], now=now))


@transaction.atomic
def remind(certificate: Certificate, *, now: datetime) -> None:
    """Remind all concerned, each address once, unless the certificate has been renewed."""
    application = Application.objects.filter(pk=certificate.reference, erased_at=None).first()
    due = renewal.due_now(certificate, now)
    if application is None or due is None or renewal.is_renewed(application, certificate):
        return
    if ledger.once("renewal", application.pk, str(due), now=now):
        people = concerned.administrators(application) if due <= CLIMBS else []
        told = notices.distinct(application, (*CONCERNED, *people))
        moving.notify(application, "renewal", told, now)
