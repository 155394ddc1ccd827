"""What the certificate authority reports: issued, refused; and the package on its way."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from applications import concerned, promise, workflow
from applications.models import Application, Package
from applications.services import moving, successors
from applications.workflow import Action, Role, Status
from certportal.foundation import outbox
from certportal.foundation.actors import system
from certportal.foundation.errors import Hopeless
from issuance import services as authority
from issuance.findings import Finding
from issuance.models import PreparedCertificate
from issuance.services.errors import AlreadySigning

ACTOR = system("issuance")


class CannotRecord(Hopeless):
    """The authority has a certificate that no order can take: a person must look at it.

    After a restored backup the order may be unknown, unsent, ended or about something else by now.
    """


@transaction.atomic
def record_issued(
    application_id: UUID, certificate_id: int, *, now: datetime
) -> Application | None:
    """Note that the certificate was issued; its package is sent to whom the order says.

    Told twice, it does nothing the second time. A certificate of a mass replacement gets an order
    of its own; one that an older copy of the database had forgotten ends the handling of its
    order. Raises CannotRecord.
    """
    if item := successors.item_of(application_id):
        return successors.take_over(item.pk, certificate_id, now=now)
    if not Application.objects.filter(pk=application_id).exists():
        raise CannotRecord("the order is unknown")
    application = moving.lock(application_id)
    if application.status in {Status.ISSUED, Status.DELIVERED}:
        return None
    forgotten = application.status != Status.APPROVED
    if forgotten:
        _require_same(application, certificate_id)
        application.requests.filter(closed_at=None).update(closed_at=now)
    for recipient in concerned.package(application):
        Package.objects.get_or_create(
            application=application, recipient=recipient, certificate_id=certificate_id
        )
    return moving.move(
        application,
        Action.RESTORE if forgotten else Action.ISSUE,
        role=Role.SYSTEM,
        actor=ACTOR,
        now=now,
        data={"certificate": certificate_id},
        waiting_for="",
        waiting_since=None,
    )


def _require_same(application: Application, certificate_id: int) -> None:
    """Raise CannotRecord unless what the authority certified is what the order says today."""
    certified = PreparedCertificate.objects.get(certificate=certificate_id)
    csr, sent = application.csr, application.submission
    now_said = (csr.sha256 if csr else "", sent.sha256 if sent else "")
    same = now_said == (certified.csr_sha256, certified.submission_sha256)
    if not same or not workflow.may(Action.RESTORE, application.status, Role.SYSTEM):
        raise CannotRecord(f"the order is {application.status}")


@transaction.atomic
def confirm(application_id: UUID, fault: Finding | None, *, now: datetime) -> Application | None:
    """Let an approved certificate go to be signed, or recall it for the fault found just now.

    Told twice, it lets go twice: issuing the second time finds the certificate.
    """
    application = moving.lock(application_id)
    if application.status != Status.APPROVED:
        return None
    if fault is not None:
        return _stop(application, fault, now)
    if application.waiting_for:
        moving.save(application, now=now, waiting_for="", waiting_since=None)
    outbox.enqueue(
        "certificate.confirmed",
        now=now,
        reference=str(application.pk),
        confirmed_at=now.isoformat(),
    )
    return application


def _stop(application: Application, fault: Finding, now: datetime) -> Application | None:
    try:
        authority.void(application.pk, fault.rule, actor=ACTOR, now=now)
    except AlreadySigning:  # an earlier run let it go while the fact still held
        return None
    findings = [one for one in application.findings if one["rule"] != fault.rule]
    moving.save(application, now=now, findings=[fault.to_json(), *findings])
    return recall(application.pk, fault.rule, now=now)


@transaction.atomic
def recall(application_id: UUID, reason: str, *, now: datetime) -> Application | None:
    """Take an approved application back to review because a fact changed or the CA refused.

    Of a mass replacement only its item is closed: the old certificate stands as it did.
    """
    if item := successors.item_of(application_id):
        successors.refuse(item.pk, reason, now=now)
        return None
    application = moving.lock(application_id)
    if application.status != Status.APPROVED:
        return None
    return moving.move(
        application,
        Action.RECALL,
        role=Role.SYSTEM,
        actor=ACTOR,
        now=now,
        data={"reason": reason},
        due_on=application.due_on or promise.due_on(now),
        waiting_for="",
        waiting_since=None,
    )


@transaction.atomic
def record_package_sent(
    application_id: UUID, recipient: str, message_id: str, *, now: datetime
) -> Application:
    """Note that the mail server took the package for one recipient; the last one delivers."""
    application = moving.lock(application_id)
    application.packages.filter(recipient=recipient, sent_at=None).update(
        sent_at=now, message_id=message_id
    )
    waiting = application.packages.filter(sent_at=None).exists()
    if application.status == Status.ISSUED and not waiting:
        moving.move(
            application, Action.DELIVER, role=Role.SYSTEM, actor=ACTOR, now=now, ended_at=now
        )
    return application
