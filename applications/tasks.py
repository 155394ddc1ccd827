"""Work of the registration authority's workers; each makes one service call with the result."""

from datetime import datetime
from uuid import UUID

from celery import shared_task

from accounts.models import Person
from applications import checks, mailbox, notices, reviewer_mail, services, watch
from applications.changes import mails
from applications.changes.models import RegisterTask
from applications.checks import again
from applications.models import Application
from applications.ordering import certificate_order
from applications.workflow import Status
from certportal.foundation import clock, mail, outbox
from certportal.foundation.errors import Unavailable
from certportal.foundation.models import OutboxItem
from issuance import services as authority


@outbox.task("applications.check")
def check(*, item: OutboxItem, now: datetime, reference: str, **_: object) -> None:
    """Run the checks of a submitted application and move it on."""
    application = Application.objects.select_related("csr", "submission").get(pk=reference)
    if application.status != Status.CHECKING or application.csr is None:
        return
    try:
        outcome = checks.run(application, now=now)
    except Unavailable as error:
        services.wait(application.pk, str(error), now=now)
        raise
    services.conclude(application.pk, outcome, now=now)


@outbox.task("applications.prepare_certificate")
def prepare_certificate(*, item: OutboxItem, now: datetime, reference: str, **_: object) -> None:
    """Have the certificate-to-be prepared for a claimed case."""
    application = Application.objects.select_related("csr", "submission").get(pk=reference)
    if application.status == Status.IN_REVIEW and application.reviewer_id is not None:
        authority.prepare(certificate_order(application, now=now), now=now)


@outbox.task("applications.confirm")
def confirm(*, item: OutboxItem, now: datetime, reference: str, **_: object) -> None:
    """Look once more at what the approved certificate rests on, and let it go or recall it."""
    application = Application.objects.select_related("csr", "submission").get(pk=reference)
    if application.status != Status.APPROVED:
        return
    try:
        fault = again.fault(application, now=now)
    except Unavailable as error:
        services.wait(application.pk, str(error), now=now)
        raise
    services.confirm(application.pk, fault, now=now)


@outbox.task("applications.confirm_replacements")
def confirm_replacements(
    *, item: OutboxItem, now: datetime, references: list[str], **_: object
) -> None:
    """Look once more at released replacements that waited too long for their signatures."""
    services.confirm_replacements([UUID(each) for each in references], now=now)


@outbox.task("applications.record_issued")
def record_issued(
    *, item: OutboxItem, now: datetime, reference: str, certificate_id: int, **_: object
) -> None:
    """Note that the certificate authority has issued the certificate."""
    services.record_issued(UUID(reference), certificate_id, now=now)


@outbox.task("applications.recall")
def recall(*, item: OutboxItem, now: datetime, reference: str, reason: str, **_: object) -> None:
    """Take the application back to review because the certificate authority refused."""
    services.recall(UUID(reference), reason, now=now)


@outbox.task("applications.send_notice")
def send_notice(
    *, item: OutboxItem, now: datetime, application: str, notice: str, recipient: str, **_: object
) -> None:
    """Send one mail to one recipient; a package that left is noted on the application."""
    found = Application.objects.select_related("organisation", "submission", "reviewer")
    about = found.filter(pk=application).first()
    if about is None:  # a draft can be gone before the mail about it
        return
    message = notices.build(notice, about, recipient, now=now)
    if message is not None:
        mail.send(message, item_id=item.pk)
    if notice == "package":
        services.record_package_sent(about.pk, recipient, str(item.pk), now=clock.now())


@outbox.task("applications.tell_revoked")
def tell_revoked(
    *, item: OutboxItem, now: datetime, reference: str, certificate_id: int, **_: object
) -> None:
    """Have all concerned told that a certificate was revoked."""
    services.tell_revoked(UUID(reference), certificate_id, now=now)


@outbox.task("applications.tell_key_proven")
def tell_key_proven(*, item: OutboxItem, now: datetime, spki_sha256: str, **_: object) -> None:
    """Have the reviewers told which certificates fell with a key."""
    services.tell_key_proven(spki_sha256, now=now)


@outbox.task("applications.tell_administrator_asked")
def tell_administrator_asked(*, item: OutboxItem, now: datetime, request: int, **_: object) -> None:
    """Have the reviewers told that somebody asks to be made an administrator."""
    services.tell_administrator_asked(request, now=now)


@outbox.task("applications.mail_reviewer")
def mail_reviewer(
    *, item: OutboxItem, now: datetime, person: str, notice: str, source: str = "", **_: object
) -> None:
    """Send a reviewer the mail of the morning or an alarm; one that became pointless is dropped."""
    reader = watch.reviewers().filter(pk=person).first()
    message = reviewer_mail.write(notice, reader, source, now=now) if reader else None
    if message is not None:
        mail.send(message, item_id=item.pk)


@shared_task(name="applications.watch_incomplete")
def watch_incomplete() -> None:
    """Warn of incomplete applications and let the overdue ones lapse; beat calls this daily."""
    services.watch_incomplete(now=clock.now())


@shared_task(name="applications.watch_drafts")
def watch_drafts() -> None:
    """Warn of old drafts and remove them; beat calls this daily."""
    services.watch_drafts(now=clock.now())


@shared_task(name="applications.remind_of_expiry")
def remind_of_expiry() -> None:
    """Remind of certificates that are about to expire; beat calls this daily."""
    services.remind_of_expiry(now=clock.now())


@shared_task(name="applications.watch_register")
def watch_register() -> None:
    """Compare the certificates in force with the registers; beat calls this every night."""
    services.watch_register(now=clock.now())


@outbox.task("applications.hear_register")
def hear_register(*, item: OutboxItem, now: datetime, **_: object) -> None:
    """Compare as every night, because an import has just changed a register."""
    services.watch_register(now=now)


@outbox.task("applications.send_register_notice")
def send_register_notice(
    *, item: OutboxItem, now: datetime, task: int, notice: str, person: str, **_: object
) -> None:
    """Tell an administrator of a change in the register, or of what was decided about it."""
    about = RegisterTask.objects.select_related("then").get(pk=task)
    message = mails.write(notice, about, Person.objects.get(pk=person))
    if message is not None:
        mail.send(message, item_id=item.pk)


@shared_task(name="applications.greet_reviewers")
def greet_reviewers() -> None:
    """Tell the reviewers of the day's work; beat calls this through the working day."""
    services.greet_reviewers(now=clock.now())


@shared_task(name="applications.raise_alarms")
def raise_alarms() -> None:
    """Alarm of sources that stay away; beat calls this every ten minutes."""
    services.raise_alarms(now=clock.now())


@shared_task(name="applications.erase_expired")
def erase_expired() -> None:
    """Erase the personal data whose time is over; beat calls this every night."""
    services.erase_expired(now=clock.now())


@outbox.task("applications.mail_mailbox_code")
def mail_mailbox_code(
    *, item: OutboxItem, now: datetime, reference: str, code: str, **_: object
) -> None:
    """Mail the code to the mailbox that is to be certified, unless a newer one was asked for."""
    application = Application.objects.get(pk=reference)
    if str(application.mailbox_code) == code:
        mail.send(mailbox.message(application), item_id=item.id)
