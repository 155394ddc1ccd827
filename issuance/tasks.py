"""Work of the ``ca`` worker."""

from datetime import datetime
from uuid import UUID

from celery import shared_task

from certportal.foundation import clock, outbox
from certportal.foundation.models import OutboxItem
from issuance import services


@outbox.task("issuance.issue")
def issue(*, item: OutboxItem, now: datetime, reference: str, **_: object) -> None:
    """Issue the certificate approved for the reference."""
    services.issue(UUID(reference), now=now)


@outbox.task("issuance.publish_crl")
def publish_crl(*, item: OutboxItem, now: datetime, certificate_id: int, **_: object) -> None:
    """Publish the list that a revoked certificate belongs on."""
    services.publish_crl_with(certificate_id, now=now)


@shared_task(name="issuance.publish_crls")
def publish_crls() -> None:
    """Publish every list anew; beat calls this."""
    services.publish_crls(now=clock.now())
