"""Work of the ``ca`` worker."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

import celery
from celery import shared_task

from certportal.foundation import clock, outbox
from certportal.foundation.errors import Unavailable
from certportal.foundation.models import OutboxItem
from issuance import asking, services


class NotWritten(Unavailable):
    """The disk did not take what is to be served; it is tried until it does."""


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise NotWritten(type(error).__name__) from error


@outbox.task("issuance.issue")
def issue(
    *, item: OutboxItem, now: datetime, reference: str, confirmed_at: str = "", **_: object
) -> None:
    """Issue the certificate approved for the reference."""
    confirmed = datetime.fromisoformat(confirmed_at) if confirmed_at else None
    services.issue_confirmed(UUID(reference), confirmed_at=confirmed, now=now)


@outbox.task("issuance.issue_many")
def issue_many(
    *, item: OutboxItem, now: datetime, references: list[str], confirmed_at: str = "", **_: object
) -> None:
    """Issue the certificates approved for the references, all in one go."""
    confirmed = datetime.fromisoformat(confirmed_at) if confirmed_at else None
    wanted = [UUID(reference) for reference in references]
    services.issue_all_confirmed(wanted, confirmed_at=confirmed, now=now)


@outbox.task("issuance.publish_crl")
def publish_crl(*, item: OutboxItem, now: datetime, certificate_id: int, **_: object) -> None:
    """Publish the list that a revoked certificate belongs on."""
    with _writing():
        services.publish_crl_with(certificate_id, now=now)


@outbox.task("issuance.publish_ocsp")
def publish_ocsp(*, item: OutboxItem, now: datetime, certificate_id: int, **_: object) -> None:
    """Sign the status of a certificate that was issued or revoked."""
    with _writing():
        services.publish_response_with(certificate_id, now=now)


@shared_task(name="issuance.refresh_ocsp")
def refresh_ocsp() -> None:
    """Sign status that grows old anew; beat calls this. The rest waits behind other work."""
    if services.refresh_responses(now=clock.now()):
        celery.signature("issuance.refresh_ocsp").apply_async(queue="ca", expires=600)


@shared_task(name="issuance.answer_ocsp")
def answer_ocsp(*, stem: str, request: str, reply_to: str) -> None:
    """Answer a client that waits, for whom nothing was signed ahead."""
    try:
        answer = services.answer(stem, base64.b64decode(request), now=clock.now())
    except Unavailable:
        return  # whoever asked is told to try later
    asking.reply(reply_to, answer)


@shared_task(name="issuance.publish_crls")
def publish_crls() -> None:
    """Publish every list anew; beat calls this."""
    services.publish_crls(now=clock.now())
