"""Telling about a revocation."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from applications.models import Application
from applications.services import moving


@transaction.atomic
def tell_revoked(application_id: UUID, *, now: datetime) -> None:
    """Enqueue the mails about the revocation of the application's certificate."""
    application = Application.objects.filter(pk=application_id).first()
    if application is not None:
        moving.notify(application, "revoked", ("applicant", "recipient", "mailbox"), now)
