"""Every mail of the service with sample data, in three languages. Never in production."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.models import AdministratorRequest, Organisation, Person
from accounts.notices import text
from accounts.register.models import Kind, RegisterRecord, RegisterRun
from applications import contact, contents, mailbox, notices, reviewer_mail, watch
from applications.changes import mails
from applications.changes.models import RegisterTask
from applications.kinds import CertificateType
from applications.models import (
    Application,
    Decision,
    HostName,
    InformationRequest,
    Replacement,
)
from applications.replacing.telling import Predecessor
from applications.workflow import Status
from certportal import samples_accounts, samples_revoking
from certportal.foundation import clock
from certportal.foundation.mail import Message
from issuance.models import Certificate

LANGUAGES = ("fi", "sv", "en")
# Whom the sample of a notice is written to, where that is not the applicant.
READERS = {
    "link_sent": ("technical_contact", "deputy"),
    "answered": ("reviewer",),
    "information_added": ("reviewer",),
    "recalled": ("reviewer",),
    "lapse_warning": ("applicant", "technical_contact"),
    "lapsed": ("applicant", "technical_contact"),
    "withdrawn": ("applicant", "technical_contact"),
    "package": ("applicant", "technical_contact", "mailbox"),
    "renewal": ("applicant", "technical_contact"),
    "replaced": ("applicant", "technical_contact"),
    "revoked": ("applicant", "technical_contact"),
}
STATUSES = {
    ("link_sent", "technical_contact"): Status.AWAITING_CSR,
    ("lapse_warning", "applicant"): Status.AWAITING_CSR,
    ("lapse_warning", "technical_contact"): Status.AWAITING_CSR,
    ("not_mine_told", "applicant"): Status.AWAITING_CSR,
    ("csr_returned", "applicant"): Status.AWAITING_CSR,
    ("draft_warning", "applicant"): Status.DRAFT,
}
CERTIFIED = frozenset({"package", "renewal", "replaced", "revoked"})
FINDINGS = {
    "csr_returned": {"rule": "key.pending", "severity": "error", "params": {}},
    "information_wanted": {
        "rule": "order.register_ended",
        "severity": "error",
        "params": {"name": "Mallikunnan apteekki", "oid": "1.2.246.10.99000018.10.0"},
    },
}


@dataclass(frozen=True, slots=True)
class Sample:
    """One mail: the notice's name, whom it is written to, and the message."""

    notice: str
    reader: str
    message: Message


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Show every mail as its readers get it."""
    mails = list(samples(now=clock.now()))
    return render(request, "dev/samples.html", {"samples": mails})


def samples(*, now: datetime) -> Iterator[Sample]:
    """Yield every mail in every language, those of one notice together."""
    for notice in notices.NOTICES:
        for reader in READERS.get(notice, ("applicant",)):
            for language in LANGUAGES:
                yield Sample(notice, reader, _of_order(notice, reader, language, now))
    for write in (_to_reviewers, _of_register, _of_revoking, _codes, _of_accounts):
        for language in LANGUAGES:
            yield from write(language, now)


def _to_reviewers(language: str, now: datetime) -> Iterator[Sample]:
    yield Sample("morning", "reviewer", _morning(language, now))
    yield Sample("alarm", "reviewer", _alarm(language, now))
    yield Sample("register_held", "reviewer", _held_import(language, now))
    yield Sample("administrator_wanted", "reviewer", _wanted_administrator(language, now))


def _codes(language: str, now: datetime) -> Iterator[Sample]:
    yield Sample("email_code", "person", _email_code(language, now))
    yield Sample("mailbox_code", "mailbox", _mailbox_code(language, now))


def _of_accounts(language: str, now: datetime) -> Iterator[Sample]:
    for notice, reader, message in samples_accounts.mails(language, now):
        yield Sample(notice, reader, message)


def _of_revoking(language: str, now: datetime) -> Iterator[Sample]:
    for notice, reader, message in samples_revoking.mails(language, now):
        yield Sample(notice, reader, message)


def application(language: str, now: datetime, **more: object) -> Application:
    """Return an order that is nowhere stored."""
    reviewer = Person(
        given_name="Riitta", family_name="Ratkaisija", email="riitta@example.fi", language=language
    )
    fields = {
        "number": "SV-2026-00042",
        "organisation": Organisation(name="Mallikunnan apteekki"),
        "type": CertificateType.SERVER,
        "language": language,
        "status": Status.IN_REVIEW,
        "created_at": now,
        "changed_at": now,
        "submitted_at": now,
        "due_on": clock.day(now) + timedelta(days=7),
        "contact_name": "Matti Meikäläinen",
        "contact_email": "matti@example.fi",
        "technical_email": "teemu@example.com",
        "technical_language": language,
        "deputy_email": "veera@example.com",
        "mailbox": "tekniikka@example.fi",
        "reviewer": reviewer,
    }
    return Application(**(fields | more))


def _of_order(notice: str, reader: str, language: str, now: datetime) -> Message:
    findings = [FINDINGS[notice]] if notice in FINDINGS else []
    status = STATUSES.get((notice, reader), Status.IN_REVIEW)
    sample = application(language, now, findings=findings, status=status)
    if status in {Status.AWAITING_CSR, Status.DRAFT}:
        sample.due_on = None
    known = _facts(notice, language, clock.day(now), now)
    if reader not in contact.HOLDERS:
        known = replace(known, link="")
    return notices.compose(notice, sample, reader, known, now=now)


def _facts(notice: str, language: str, today: date, now: datetime) -> notices.Facts:
    with translation.override(language):
        words = _("Sample text: here stand the reviewer's own words.")
    request = InformationRequest(
        reason="" if notice in FINDINGS else words,
        fields=["unit", "host_names"],
        deadline=today + timedelta(days=14),
    )
    return notices.Facts(
        request=request,
        decision=Decision(reasons=words),
        certificate=_certificate(notice, now) if notice in CERTIFIED else None,
        host_names=[HostName(name="erecept.example.fi"), HostName(name="varmuus.example.fi")],
        link="sample-token-of-a-link",
        refused_by="teemu@example.com",
        asked_by="applicant",
        missing=[contents.BY_ID["csr"]],
        lapses_on=clock.add_months(today, 6) + timedelta(days=1),
        predecessor=_predecessor(language, today, now) if notice == "replaced" else None,
    )


def _predecessor(language: str, today: date, now: datetime) -> Predecessor:
    before = application(language, now, number="SV-2026-00021")
    cause = Replacement.Cause.PROFILE.label
    return Predecessor(before, "3A0B77F0C1D24E19", cause, today + timedelta(days=14))


def _certificate(notice: str, now: datetime) -> Certificate:
    return Certificate(
        serial="4F1C99A2B7D35E08",
        not_before=now,
        not_after=now + timedelta(days=365),
        revoked_at=now if notice == "revoked" else None,
        revocation_reason="key_compromise" if notice == "revoked" else "",
    )


def _morning(language: str, now: datetime) -> Message:
    late, due, free = (application(language, now, number=f"SV-2026-0004{n}") for n in range(3))
    today = clock.day(now)
    late.due_on, due.due_on, free.reviewer = today - timedelta(days=1), today, None
    assert late.reviewer is not None
    return watch.morning(late.reviewer, watch.Day(today, [late], [due], [free]))


def _alarm(language: str, now: datetime) -> Message:
    waiting = application(language, now, waiting_since=now - watch.LONGEST_WAIT)
    assert waiting.reviewer is not None
    return watch.alarm(waiting.reviewer, "register", [waiting])


def _held_import(language: str, now: datetime) -> Message:
    run = RegisterRun(pk=42, kind=Kind.SOTE_UNIT, scope="full", started_at=now, ended=1204)
    reader = Person(email="riitta@example.fi", language=language)
    return reviewer_mail.about_import(reader, run)


def _wanted_administrator(language: str, now: datetime) -> Message:
    maija = Person(given_name="Maija", family_name="Mallikas")
    account = Organisation(name="Mallikunnan apteekki")
    asked = AdministratorRequest(pk=42, person=maija, organisation=account, asked_at=now)
    reader = Person(email="riitta@example.fi", language=language)
    return reviewer_mail.about_administrator(reader, asked)


def _of_register(language: str, now: datetime) -> Iterator[Sample]:
    record = RegisterRecord(long_name="Mallikunnan apteekki", oid="1.2.246.10.99000018.10.0")
    reader = Person(email="matti@example.fi", language=language)
    for notice in mails.NOTICES:
        task = RegisterTask(
            change=RegisterTask.Change.RENAMED,
            record_oid=record.oid,
            then=record,
            values={"long_name": ["Mallikunnan apteekki", "Mallikunnan uusi apteekki"]},
            opened_at=now,
            outcome=RegisterTask.Outcome.REISSUE if notice == "register_decided" else "",
        )
        certificates = [Certificate(serial="4F1C99A2B7D35E08")]
        yield Sample(notice, "administrator", mails.compose(notice, task, reader, certificates))


def _mailbox_code(language: str, now: datetime) -> Message:
    ordered = application(
        language,
        now,
        type=CertificateType.EMAIL,
        certified_email="kirjaamo@example.fi",
        mailbox_code=uuid.UUID(int=42),
        mailbox_code_until=now + timedelta(minutes=30),
    )
    return mailbox.message(ordered)


def _email_code(language: str, now: datetime) -> Message:
    until = now + timedelta(minutes=30)
    context = {"code": "123456", "until": until, "base": settings.PORTAL_BASE_URL}
    with translation.override(language):
        subject = _("Code to confirm your email address")
        body = text("accounts/mail/email_code.txt", context)
    return Message("matti@example.fi", subject, body, language)
