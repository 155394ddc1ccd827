"""Celery tasks of the registration authority: outbox items and scheduled jobs.

Each makes one service call, sends one mail, or does one step of making a paper.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from applications import checks, services
from applications.checks import dns_resolvers as domain_checks, domain_lookup, still_true
from applications.documents import kept_papers
from applications.errors import Gone
from applications.mail import MAILS
from applications.models import Application, Paper
from applications.rules import domains
from applications.rules.certificate_order import certificate_order
from applications.rules.domain_record import Look, Outcome
from applications.rules.told_together import ABOUT_ONE, SEVERAL
from applications.workflow import Status
from certportal.foundation import clock
from certportal.foundation.database.database_clock import require_agreement
from certportal.foundation.database.related_rows import by_key, rows_of
from certportal.foundation.errors import Unavailable
from certportal.foundation.files import storing
from certportal.foundation.files.documents import PDF
from certportal.foundation.files.faults import DamagedFile
from certportal.foundation.mail import mails
from certportal.foundation.mail.sending import File
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import outbox
from certportal.foundation.service_tasks import for_item, scheduled
from issuance import services as authority
from issuance.findings import Finding, Severity
from issuance.models import CeremonyRecord

FOR_PACKAGES = Q(topic__in=["certificate.approved", "certificate.issued"])
"""Items that certificates wait for come first; then checks, and papers last."""

LOOKS = ["application.domains_wanted", "domain.look_wanted"]
"""Lookups in the DNS before review come after everything else: they may take long."""
LOOKS_SECONDS = 20
"""The longest time for a task's lookups, in seconds: less than its lease in the outbox, and less
than the worker's heartbeat may wait behind it."""
DNS_WAITS = timedelta(minutes=10)
"""How long an approved order waits for name servers that do not answer."""
LOOK_LASTS = timedelta(hours=1)
"""How old a look may be on which a certificate is released: those for all its names take several
attempts if name servers are slow, and an order may have waited for a register for days."""
_order = by_key(Application, "csr", "submission", "submission__person", "organisation")
_paper = by_key(Paper, "application", "submission", "decision", "decision__submission")


@outbox.task("applications.check", first=FOR_PACKAGES)
def check(*, item: OutboxItem, now: datetime, reference: str, **_: object) -> None:
    """Run the checks on a submitted application and store the outcome.

    If a source does not answer, record what is awaited and raise Unavailable, to be retried.
    """
    application = _as_sent(reference)
    if application.status != Status.CHECKING or application.csr is None:
        return
    try:
        outcome = checks.run(application, now=now)
    except Unavailable as error:
        services.wait(application.pk, str(error), now=now)
        raise
    services.conclude(application.pk, outcome, now=now)


def _prepare_together(*, items: Sequence[OutboxItem], now: datetime) -> None:
    references = [item.payload["reference"] for item in items]
    cases = Application.objects.filter(
        pk__in=references, status=Status.IN_REVIEW, reviewer__isnull=False
    ).select_related("csr", "submission")
    authority.prepare_all([certificate_order(case, now=now) for case in cases], now=now)


@outbox.task("applications.prepare_certificate", many=_prepare_together)
def prepare_certificate(*, item: OutboxItem, now: datetime, reference: str, **_: object) -> None:
    """Have the CA prepare the certificate of a claimed case."""
    application = _as_sent(reference)
    if application.status == Status.IN_REVIEW and application.reviewer_id is not None:
        authority.prepare(certificate_order(application, now=now), now=now)


@outbox.task("applications.confirm")
def confirm(*, item: OutboxItem, now: datetime, reference: str, **_: object) -> None:
    """Check the facts of an approved application again; release it for signing or recall it."""
    application = _as_sent(reference)
    if application.status != Status.APPROVED:
        return
    require_agreement()  # by a wrong clock the register would only seem to be too old
    try:
        fault = still_true.fault(application, now=now)
        fault = fault or _domain_fault(application, item, now)
    except Unavailable as error:
        services.wait(application.pk, str(error), now=now)
        raise
    services.confirm(application.pk, fault, now=now)


def _as_sent(reference: str) -> Application:
    """Return the order with the rows that the checks look at. Raises Gone if it was discarded."""
    order = _order(reference)
    if order is None:
        raise Gone
    return order


def _domain_fault(application: Application, item: OutboxItem, now: datetime) -> Finding | None:
    """Look up the certificate's DNS evidence again; return a finding if a record is gone.

    Records found since the approval and within `LOOK_LASTS` are not looked up again. Raises
    Unavailable while the DNS does not answer; after `DNS_WAITS` the record counts as not found.
    """
    since = max(item.created_at, now - LOOK_LASTS)
    organisation, ends = application.organisation_id, time.monotonic() + LOOKS_SECONDS
    for host in domains.rest_on_dns(rows_of(application, "host_names")):
        if domains.proof(organisation, host.name, now=now, since=since):
            continue
        outcome = _look(organisation, host.name, now) if domains.in_use() else Outcome.ABSENT
        waits = outcome is Outcome.UNANSWERED and now - item.created_at < DNS_WAITS
        if waits or time.monotonic() > ends:
            raise Unavailable(domain_lookup.SOURCE)
        if outcome is not Outcome.PROVEN:
            return Finding(domains.NOT_PROVEN, Severity.WARNING, {"value": host.name})
    return None


def _look(organisation_id: UUID, host: str, now: datetime) -> Outcome:
    """Look up the record of a host, store the result, and return its outcome."""
    try:
        result = domain_checks.look(organisation_id, host, now=now)
    except Unavailable:
        result = Look(Outcome.UNANSWERED)
    services.store_lookup(organisation_id, host, result, now=now)
    return result.outcome


@outbox.task("applications.look_up_domains", first=~Q(topic__in=LOOKS))
def look_up_domains(*, item: OutboxItem, now: datetime, reference: str, **_: object) -> None:
    """Find evidence in the DNS for the host names of an order that have none.

    It is not retried: the reviewer looks for evidence that was not found in time.
    """
    application = Application.objects.get(pk=reference)
    if application.status != Status.IN_REVIEW:
        return
    organisation = application.organisation_id
    with _counted(organisation, now) as ends:
        for host in domains.unproven(application):
            is_late = time.monotonic() >= ends
            if not is_late and domains.proof(organisation, host.name, now=now) is None:
                _look(organisation, host.name, now)
    services.use_proofs(application.pk, now=now)


@contextmanager
def _counted(organisation_id: UUID, now: datetime) -> Iterator[float]:
    """Give the time at which the organisation's lookups must end; count how long they took."""
    begun = time.monotonic()
    yield begun + min(LOOKS_SECONDS, services.seconds_left_to_look(organisation_id, now=now))
    services.count_seconds_of_looks(organisation_id, time.monotonic() - begun, now=now)


@outbox.task("applications.look_up_domain", first=~Q(topic__in=LOOKS))
def look_up_domain(
    *, item: OutboxItem, now: datetime, organisation: str, host: str, **_: object
) -> None:
    """Look up the record of a domain for an organisation; use a proof for its orders in review."""
    with _counted(UUID(organisation), now) as ends:
        if time.monotonic() >= ends:
            services.store_lookup(UUID(organisation), host, Look(Outcome.UNANSWERED), now=now)
            return
        outcome = _look(UUID(organisation), host, now)
    if outcome is not Outcome.PROVEN:
        return
    for order in domains.waiting_for_proof(UUID(organisation)):
        services.use_proofs(order, now=now)


@outbox.task("applications.send_notice", first=Q(payload__notice="package"))
def send_notice(
    *, item: OutboxItem, now: datetime, application: str, notice: str, recipient: str, **_: object
) -> None:
    """Send one mail about an application to one recipient; record the sending of a package."""
    about = _order(application) if notice in kept_papers.NOTICES else None
    made_of = kept_papers.source(notice, about) if about and about.erased_at is None else None
    if made_of is not None and not services.paper_for_mail(made_of, now=now):
        raise kept_papers.NotMade("paper")
    mail = mails.named(notice, MAILS)
    # Of a closed account nobody is a member any more, and no order gets another contact.
    if notice in ABOUT_ONE and notice != SEVERAL["account_closed"]:
        services.keep_one_reader(item, now=now)
    mails.send(mail, item, now=now)
    if notice == "package":
        services.record_package_sent(UUID(application), recipient, str(item.pk), now=clock.now())


@outbox.task("applications.make_paper", first=~Q(topic__startswith="paper."))
def make_paper(*, item: OutboxItem, now: datetime, paper: int, **_: object) -> None:
    """Render a paper, unless its order was erased meanwhile."""
    next_paper_step(paper)


@outbox.task("applications.keep_sealed", first=~Q(topic__startswith="paper."))
def keep_sealed(*, item: OutboxItem, now: datetime, kind: str, paper: str, **_: object) -> None:
    """Store a paper whose digest the seal has signed, unless its order was erased meanwhile."""
    if kind == "paper":
        next_paper_step(int(paper))
    elif kind == "ceremony_record":
        next_ceremony_step(int(paper))


@outbox.task("applications.make_ceremony_paper", first=~Q(topic__startswith="paper."))
def make_ceremony_paper(*, item: OutboxItem, now: datetime, record: int, **_: object) -> None:
    """Render the record of a ceremony and have it sealed; nothing while there is no seal."""
    next_ceremony_step(record)


# `papers` and `sealing` are imported in the functions below, because only one of the processes that
# load this module renders papers (the `renderer` contract). Each step starts from what the previous
# one stored, so it is repeated if a worker is killed.


def next_paper_step(key: int) -> None:
    """Do the next step for the paper, unless it is made or was erased with its order."""
    paper = _paper(key)
    if paper is None or paper.made_at is not None:
        return
    for made_of in (paper.submission, paper.decision, paper.decision and paper.decision.submission):
        if made_of is not None:
            made_of.application = paper.application
    if paper.digest:
        _finish_paper(paper)
    else:
        _prepare_paper(paper)


def next_ceremony_step(key: int) -> None:
    """Do the next step for the paper of a ceremony's record; nothing while there is no seal."""
    from applications.documents import papers, sealing

    record, seal = CeremonyRecord.objects.get(pk=key), authority.seal_in_use()
    if record.pdf is not None or seal is None:
        return
    if not record.digest:
        file = papers.ceremony(record)
        prepared = sealing.prepare(file.content, seal, label=papers.seal_label("en"))
        authority.have_record_sealed(record, prepared.content, prepared.digest, now=clock.now())
        return
    digest = bytes.fromhex(record.digest)
    if signature := authority.signature_over(digest):
        sealed = sealing.seal(bytes(record.prepared), digest, signature)
        authority.keep_sealed_record(record, sealed)


def _prepare_paper(paper: Paper) -> None:
    from applications.documents import papers, sealing

    file, seal = papers.render(paper), authority.seal_in_use()
    if seal is None:
        services.keep_paper(paper, file, now=clock.now())
        return
    prepared = sealing.prepare(file.content, seal, label=papers.seal_label(paper.language))
    file = replace(file, content=prepared.content)
    services.have_sealed(paper, file, prepared.digest, instead_of=paper.digest, now=clock.now())


def _finish_paper(paper: Paper) -> None:
    from applications.documents import sealing

    signature = authority.signature_over(bytes.fromhex(paper.digest))
    if signature is None:
        services.ask_for_seal_again(paper, now=clock.now())
        return
    try:
        prepared = storing.content_of(paper.prepared)
    except DamagedFile:  # or the store was restored from an older copy than the database
        _prepare_paper(paper)
        return
    content = sealing.seal(prepared, bytes.fromhex(paper.digest), signature)
    services.keep_paper(paper, File(paper.name, content, PDF), now=clock.now())


@outbox.task("applications.propose_decided")
def propose_decided(*, item: OutboxItem, now: datetime, task: int, after: int, **_: object) -> None:
    """Propose to revoke the next certificates upon the decision about a change in the register."""
    services.propose_decided(task, after=after, now=now)


# Released replacements that have waited too long to be signed.
confirm_replacements = for_item(
    "applications.confirm_replacements",
    services.confirm_replacements,
    references=lambda keys: [UUID(key) for key in keys],
)
record_issued = for_item(
    "applications.record_issued", services.record_issued, reference=UUID, certificate_id=int
)
recall = for_item("applications.recall", services.recall, reference=UUID, reason=str)
tell_undelivered = for_item("applications.tell_undelivered", services.tell_undelivered, mail=UUID)
tell_revoked = for_item(
    "applications.tell_revoked", services.tell_revoked, reference=UUID, certificate_id=int
)
tell_key_proven = for_item(
    "applications.tell_key_proven", services.tell_key_proven, spki_sha256=str
)
tell_key_blocked = for_item(
    "applications.tell_key_blocked", services.tell_key_blocked, spki_sha256=str
)
tell_administrator_asked = for_item(
    "applications.tell_administrator_asked", services.tell_administrator_asked, request=int
)
# Every night, and after an import.
hear_register = for_item("applications.hear_register", services.watch_register)

mail_reviewer = mails.task("applications.mail_reviewer", MAILS)
send_register_notice = mails.task("applications.send_register_notice", MAILS)
mail_mailbox_code = mails.task("applications.mail_mailbox_code", MAILS, only="mailbox_code")

watch_incomplete = scheduled("applications.watch_incomplete", services.watch_incomplete)
watch_drafts = scheduled("applications.watch_drafts", services.watch_drafts)
remind_of_expiry = scheduled("applications.remind_of_expiry", services.remind_of_expiry)
watch_register = scheduled("applications.watch_register", services.want_register_watched)
greet_reviewers = scheduled("applications.greet_reviewers", services.greet_reviewers)
raise_alarms = scheduled("applications.raise_alarms", services.raise_alarms)
erase_expired = scheduled("applications.erase_expired", services.erase_expired)
