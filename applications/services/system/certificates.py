"""Results from the CA (issued, refused), release for signing, and delivery of the certificate."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from applications import workflow
from applications.errors import Gone
from applications.models import Application, Package
from applications.rules import queue_order, recipients
from applications.rules.domains import NOT_PROVEN
from applications.rules.sender import lacks_right
from applications.services import transition
from applications.services.applicant.answers import close_unanswered
from applications.services.system import domains as domain_evidence, replaced_orders
from applications.workflow import Action, Role, Status, promise
from certportal.foundation import clock
from certportal.foundation.actors import Actor, system
from certportal.foundation.database import row_writes
from certportal.foundation.database.database_clock import require_agreement
from certportal.foundation.database.related_rows import rows_of
from certportal.foundation.errors import Hopeless
from certportal.foundation.outbox import outbox
from issuance import services as authority
from issuance.findings import Finding, Severity
from issuance.models import PreparedCertificate
from issuance.services.errors import AlreadySigning

ACTOR = system("issuance")
# Why an approved application returned to review; their texts are in `rules.void_reasons`.
MEMBERSHIP_ENDED, RIGHT_WITHDRAWN = "membership_ended", "right_withdrawn"


class CannotRecord(Hopeless):
    """The CA has issued a certificate that matches no order; an operator must look into it.

    After a restore from a backup, the order may be unknown, not sent, ended, or changed.
    """


class NotApproved(CannotRecord):
    """The CA has issued a certificate for an order that is not approved.

    No operator has restored it from the journal either. The CA is told and stops signing.
    """


def record_issued(
    application_id: UUID, certificate_id: int, *, now: datetime
) -> Application | None:
    """Record that the certificate was issued, and enqueue its delivery to the order's recipients.

    A second call does nothing and returns None. A certificate of a mass replacement gets an order
    of its own. After a restore from a backup that lacks the approval, the order is moved from its
    earlier status to issued, if `reconcile --mend` entered the certificate. Raises CannotRecord.
    """
    try:
        return _record_issued(application_id, certificate_id, now)
    except NotApproved:
        authority.disown(certificate_id, actor=ACTOR, now=now)
        raise


@transaction.atomic
def _record_issued(application_id: UUID, certificate_id: int, now: datetime) -> Application | None:
    if item := replaced_orders.item_of(application_id):
        return replaced_orders.take_over(item.pk, certificate_id, now=now)
    try:
        application = transition.lock(application_id)
    except Gone:
        raise CannotRecord("the order is unknown") from None
    if application.status in {Status.ISSUED, Status.DELIVERED}:
        return None
    forgotten = application.status != Status.APPROVED
    if forgotten:
        _require_same(application, certificate_id)
        close_unanswered(application, actor=ACTOR, now=now)
    Package.objects.bulk_create(
        (
            Package(application=application, recipient=recipient, certificate_id=certificate_id)
            for recipient in recipients.package(application)
        ),
        ignore_conflicts=True,
    )
    return transition.move(
        application,
        Action.RESTORE if forgotten else Action.ISSUE,
        ACTOR,
        now,
        data={"certificate": certificate_id},
        **transition.NOT_WAITING,
    )


def _require_same(application: Application, certificate_id: int) -> None:
    """Raise CannotRecord unless the certificate was made from the order's present request and
    submission and its status allows it; NotApproved unless an operator restored it.
    """
    if not authority.was_restored(certificate_id):
        raise NotApproved(f"the order is {application.status}")
    certified = PreparedCertificate.objects.get(certificate=certificate_id)
    csr, sent = application.csr, application.submission
    present = (csr.sha256 if csr else "", sent.sha256 if sent else "")
    matches = present == (certified.csr_sha256, certified.submission_sha256)
    if not matches or not workflow.may(Action.RESTORE, application.status, Role.SYSTEM):
        raise CannotRecord(f"the order is {application.status}")


@transaction.atomic
def confirm(application_id: UUID, fault: Finding | None, *, now: datetime) -> Application | None:
    """Release an approved application for signing, or return it to review.

    It returns to review if `fault`, the result of a check just made, is given, or if the sender's
    right to act is no longer confirmed. A second call releases it again, which does no harm:
    issuing is idempotent. Raises ClockDiffers: the CA judges the confirmation by its time.
    """
    require_agreement()
    application = transition.lock(application_id)
    if application.status != Status.APPROVED:
        return None
    if fault := fault or _no_evidence(application):
        return _stop(application, fault, now)
    if lacks_right(application, on=clock.day(now)):  # withdrawn or ended since the approval
        return take_back(application.pk, RIGHT_WITHDRAWN, actor=ACTOR, now=now)
    if application.waiting_for:
        transition.save(application, now=now, **transition.NOT_WAITING)
    outbox.enqueue(
        "certificate.confirmed",
        now=now,
        reference=str(application.pk),
        confirmed_at=now.isoformat(),
    )
    return application


def _no_evidence(application: Application) -> Finding | None:
    """Return a finding if a host name of the certificate no longer has evidence of its control."""
    if not application.kind.has_host_names:
        return None
    hosts = rows_of(application, "host_names")
    unproven = next((host for host in hosts if not host.evidence), None)
    if unproven is None:
        return None
    return Finding(NOT_PROVEN, Severity.WARNING, {"value": unproven.name})


def take_back(
    application_id: UUID, reason: str, *, actor: Actor, now: datetime
) -> Application | None:
    """Void an approved application's prepared certificate and return it to review.

    Returns None if it has been signed already; such a certificate can only be revoked.
    """
    try:
        authority.void(application_id, reason, actor=actor, now=now)
    except AlreadySigning:
        return None
    return recall(application_id, reason, now=now)


def _stop(application: Application, fault: Finding, now: datetime) -> Application | None:
    try:
        authority.void(application.pk, fault.rule, actor=ACTOR, now=now)
    except AlreadySigning:  # an earlier run released it, when the fact still held
        return None
    if fault.rule == NOT_PROVEN:
        domain_evidence.drop_evidence(application, str(fault.params["value"]), now=now)
    findings = [finding for finding in application.findings if finding["rule"] != fault.rule]
    transition.save(application, now=now, findings=[fault.to_json(), *findings])
    return recall(application.pk, fault.rule, now=now)


@transaction.atomic
def recall(application_id: UUID, reason: str, *, now: datetime) -> Application | None:
    """Return an approved application to review because a fact changed or the CA refused.

    In a mass replacement, only the item is closed; the old certificate stays in force.
    """
    if item := replaced_orders.item_of(application_id):
        replaced_orders.refuse(item.pk, reason, now=now)
        return None
    application = transition.lock(application_id)
    if application.status != Status.APPROVED:
        return None
    return transition.move(
        application,
        Action.RECALL,
        ACTOR,
        now,
        data={"reason": reason},
        due_on=application.due_on or promise.due_on(now),
        **queue_order.next_from_today(application, now),
        **transition.NOT_WAITING,
    )


@transaction.atomic
def record_package_sent(
    application_id: UUID, recipient: str, message_id: str, *, now: datetime
) -> Application:
    """Record that the mail server accepted the package for one recipient.

    With the last recipient, the application becomes delivered.
    """
    application = transition.lock(application_id)
    waiting = [each for each in rows_of(application, "packages") if each.sent_at is None]
    for package in waiting:
        if package.recipient == recipient:
            package.sent_at, package.message_id = now, message_id
            row_writes.update(package, "sent_at", "message_id")
    if application.status == Status.ISSUED and all(each.sent_at for each in waiting):
        transition.move(application, Action.DELIVER, ACTOR, now, ended_at=now)
    return application
