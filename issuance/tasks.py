"""Celery tasks of the ``ca`` worker."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from uuid import UUID

import celery
import structlog
from celery import shared_task
from django.db.models import Q

from certportal.foundation import alarms, clock
from certportal.foundation.errors import Unavailable, system_words
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import outbox, urgent
from certportal.foundation.service_tasks import for_item, scheduled
from certportal.foundation.standing_faults import Standing
from certportal.foundation.step_durations import Step, timed
from issuance import services
from issuance.publication import ask_consistency, ask_receipts, ask_worker
from issuance.services.errors import NotProved, Unproven

log = structlog.get_logger(__name__)

_log_of_events = Standing()
_UNTIL_NEXT = timedelta(days=2)
_UNTIL_TRIED_AGAIN = 3 * outbox.LONGEST_PAUSE


class NotWritten(Unavailable):
    """A file to be served could not be written to disk; the task is retried."""


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise NotWritten(system_words(error)) from error


@contextmanager
def _proving() -> Iterator[None]:
    """Raise an alarm for an approval that is not in the log of events, or not proved."""
    try:
        yield
    except (NotProved, Unproven) as error:
        log.error("approval_unproven", reason=str(error))
        alarms.sound("approval-unproven", lasting=_UNTIL_TRIED_AGAIN)
        raise


CERTIFICATES = Q(
    topic__in=["certificate.confirmed", "certificates.confirmed", "application.claimed"]
)
"""Work that a certificate waits for: it is done before papers are sealed."""


def _issue_together(*, items: Sequence[OutboxItem], now: datetime) -> None:
    """Issue the certificates together; raises if one cannot be, or was confirmed too long ago."""
    confirmed = [datetime.fromisoformat(item.payload["confirmed_at"]) for item in items]
    wanted = [UUID(item.payload["reference"]) for item in items]
    with timed(Step.ISSUE_MANY):
        services.issue_together([*dict.fromkeys(wanted)], confirmed_at=min(confirmed), now=now)


@outbox.task("issuance.issue", many=_issue_together)
def issue(
    *, item: OutboxItem, now: datetime, reference: str, confirmed_at: str = "", **_: object
) -> None:
    confirmed = datetime.fromisoformat(confirmed_at) if confirmed_at else None
    with timed(Step.ISSUE), _proving():
        services.issue_confirmed(UUID(reference), confirmed_at=confirmed, now=now)


@outbox.task("issuance.issue_many")
def issue_many(
    *, item: OutboxItem, now: datetime, references: list[str], confirmed_at: str = "", **_: object
) -> None:
    """Issue the certificates approved for the references, together."""
    confirmed = datetime.fromisoformat(confirmed_at) if confirmed_at else None
    wanted = [UUID(reference) for reference in references]
    with timed(Step.ISSUE_MANY), _proving():
        services.issue_all_confirmed(wanted, confirmed_at=confirmed, now=now)


@outbox.task("issuance.publish_crl")
def publish_crl(*, item: OutboxItem, now: datetime, certificate_id: int, **_: object) -> None:
    """Publish the CRL that a revoked certificate belongs on."""
    with _writing():
        services.publish_crl_with(certificate_id, now=now)


@outbox.task("issuance.publish_ocsp")
def publish_ocsp(*, item: OutboxItem, now: datetime, certificate_id: int, **_: object) -> None:
    """Sign and publish the OCSP response of a certificate that was issued or revoked."""
    with _writing():
        services.publish_response_with(certificate_id, now=now)


def _seal_together(*, items: Sequence[OutboxItem], now: datetime) -> None:
    """Sign the digests of the papers together; raises if one cannot be signed."""
    payloads = [item.payload for item in items]
    made = [services.MadePaper(each["kind"], each["paper"], each["digest"]) for each in payloads]
    services.seal_papers(made, now=now)


@outbox.task("issuance.seal_paper", first=CERTIFICATES, many=_seal_together)
def seal_paper(
    *, item: OutboxItem, now: datetime, kind: str, paper: str, digest: str, **_: object
) -> None:
    """Sign the digest of a paper, after the certificates that wait."""
    services.seal_papers([services.MadePaper(kind, paper, digest)], now=now)


@outbox.task("issuance.keep_stamp")
def keep_stamp(*, item: OutboxItem, now: datetime, head: str, time_stamp: str, **_: object) -> None:
    """Keep the time stamp that a worker fetched."""
    with _writing():
        services.keep_stamp(head, time_stamp, now=now)


@shared_task(name="issuance.ask_witnesses")
def ask_witnesses() -> None:
    """Have witnesses sign the log's head, in the `default` worker; beat calls this."""
    try:
        services.ask_witnesses()
    except Unavailable as error:
        log.warning("head_not_witnessed", reason=str(error))


@shared_task(name="issuance.answer_consistency")
def answer_consistency(*, since: str, size: str, reply_to: str) -> None:
    """Send a worker the log's heads and the consistency proof between the two sizes."""
    before, after, waiting = ask_consistency.read(since, size, reply_to)
    try:
        answer = services.consistency(before, after)
    except (Unavailable, ValueError) as error:
        log.warning("consistency_unknown", reason=str(error))
        return
    ask_worker.reply(waiting, answer.encoded())


@shared_task(name="issuance.keep_cosigned")
def keep_cosigned(*, note: str) -> None:
    """Keep a head that witnesses have signed."""
    try:
        services.keep_cosigned(note)
    except (Unavailable, ValueError) as error:
        log.error("cosigned_head_refused", reason=str(error))


@shared_task(name="issuance.refresh_ocsp")
def refresh_ocsp() -> None:
    """Renew ageing OCSP responses; beat calls this. Waiting certificates and revocations go first.

    If responses remain, queue this task again, so that the worker's other work gets its turn.
    """
    urgent = CERTIFICATES | Q(topic="certificate.revoked")
    if services.refresh_responses(now=clock.now(), between=lambda: outbox.let_pass(urgent, "ca")):
        celery.signature("issuance.refresh_ocsp").apply_async(queue="ca", expires=600)


@shared_task(name="issuance.answer_ocsp")
def answer_ocsp(*, stem: str, request: str, reply_to: str) -> None:
    """Answer an OCSP client whose request has no response signed in advance."""
    question = ask_worker.read(stem, request, reply_to)
    try:
        answer = services.answer(question.stem, question.request, now=clock.now())
    except Unavailable:
        return  # without a reply the web process tells the client to try later
    ask_worker.reply(question.reply_to, answer)


@shared_task(name="issuance.answer_receipts")
def answer_receipts(*, numbers: str, reply_to: str) -> None:
    """Send a web process the places of events in the log, with the proof of each."""
    wanted, waiting = ask_receipts.read(numbers, reply_to)
    try:
        answer = services.places(wanted)
    except Unavailable as error:
        log.warning("places_unknown", reason=str(error))
        return  # without a reply the web process tells its reader to try later
    ask_worker.reply(waiting, answer.encoded())


# In the `default` worker, which has network.
stamp_head = for_item("issuance.stamp_head", services.have_stamped, head=str)
settle_blocked_keys = scheduled("issuance.settle_blocked_keys", services.settle_blocked_keys)
# A late revocation does more harm than a list that is dated by a wrong clock.
publish_overdue_crls = scheduled(
    "issuance.publish_overdue_crls",
    services.publish_overdue_crls,
    at_any_clock=True,
    acks_late=False,
)
publish_crls = scheduled(
    "issuance.publish_crls", services.publish_crls, at_any_clock=True, acks_late=False
)


# Acknowledged at its start: a run longer than `visibility_timeout` would be delivered again.
@shared_task(name="issuance.reconcile", acks_late=False)
def reconcile() -> None:
    """Compare journal, database and CRLs; beat calls this daily.

    Nothing is repaired: differences may come from a restore or an attack, so an operator looks
    first, with the command `reconcile`. After a difference or a failed comparison, /healthz reports
    it until a run of the task or the command finds none.
    """
    try:
        with suppress(ExceptionGroup):  # /healthz reports a CRL that cannot be published
            # A revocation that waits for the next CRL is no difference.
            services.publish_crls(now=clock.now(), reading=services.Reading.COMPARED)
        found = [each for each, _ in services.reconcile(mend=False, now=clock.now())]
    except Exception:
        alarms.sound("reconcile", lasting=_UNTIL_NEXT)
        raise
    for each in found:
        log.error("difference", ca=each.stem, about=each.about, kind=str(each.kind))
    if found:
        alarms.sound("reconcile", lasting=_UNTIL_NEXT)
    else:
        alarms.clear("reconcile")


@shared_task(name="issuance.extend_event_log")
def extend_event_log() -> None:
    """Append committed events to the log, then seal papers that wait; beat calls this every second.

    While this fails, no event is lost and /healthz reports it.
    """
    try:
        with alarms.of_silence("event-log"):
            services.extend_event_log()
    except Unavailable as error:
        if _log_of_events.is_news(str(error)):
            log.error("event_log_stands_still", reason=str(error))
    else:
        if _log_of_events.is_news(""):
            log.warning("event_log_goes_on")
    paper = urgent.waiting(seal_paper.name, "ca")
    # While a certificate waits, fifty papers would be leased and postponed one by one before it.
    if paper is not None and not services.certificates_wait(clock.now()):
        seal_paper(item=str(paper.pk))


# Acknowledged at its start, as `reconcile` is: a run may take minutes.
@shared_task(name="issuance.verify_audit", acks_late=False)
def verify_audit() -> None:
    """Compare log, database and anchors, then anchor the head; beat calls this daily.

    After a difference, /healthz reports it until a run of the task or the command finds none.
    """
    try:
        if not services.has_event_log():
            return
        report = services.verify_audit()
    except Exception:
        alarms.sound("verify-audit", lasting=_UNTIL_NEXT)
        raise
    for each in report.findings:
        log.error("audit_difference", about=each.about, kind=str(each.kind))
    if report.findings:
        alarms.sound("verify-audit", lasting=_UNTIL_NEXT)
    else:
        alarms.clear("verify-audit")
        services.anchor(now=clock.now())
