"""Every mail of the registration authority: a template each, in the recipient's language."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from accounts.models import Person
from applications import contact, contents, delivery, lapsing, papers, workflow
from applications.kinds import CertificateType, Delivery
from applications.mailtext import subject_and_body
from applications.models import Application, Decision, HostName, InformationRequest
from applications.replacing import telling
from applications.replacing.telling import Predecessor
from applications.revocations import asked_by, is_proven, reason_words
from applications.wording import word_all, word_faults
from certportal.foundation import clock
from certportal.foundation.mail import File, Message
from issuance.models import Certificate

NOTICES = (
    "receipt",
    "link_sent",
    "not_mine_told",
    "csr_attached",
    "csr_replaced",
    "csr_returned",
    "information_wanted",
    "deadline_extended",
    "request_cancelled",
    "answered",
    "information_added",
    "recalled",
    "rejected",
    "reopened",
    "withdrawn",
    "lapse_warning",
    "lapsed",
    "draft_warning",
    "package",
    "renewal",
    "replaced",
    "revoked",
)
# What carries the link of the technical contact or the deputy it is written to.
LINKED = frozenset({"link_sent", "lapse_warning", "package"})


def build(
    notice: str, application: Application, recipient: str, *, now: datetime
) -> Message | None:
    """Return the mail for the recipient, or None when there is nobody to send it to.

    `recipient` says what they are to the application: applicant, recipient (of the certificate),
    mailbox, technical_contact, deputy, reviewer, or `person:` with a key. The first line of the
    template is the subject.
    """
    if notice not in NOTICES:
        raise ValueError(notice)
    address, _language = resolve(application, recipient)
    if not address:
        return None
    told = bool(contact.living(application, now=now))
    known = replace(facts(application), contact_told=told)
    if notice == "package" and known.certificate and known.certificate.revocation_reason:
        notice = "revoked"  # it was revoked before it was delivered
    holder = capacity(application, recipient)
    if notice in LINKED and holder in contact.HOLDERS:
        link = contact.newest(application, holder, now=now)
        if link is None and notice != "package":  # ended before the mail left
            return None
        known = replace(known, link=link.token if link else "")
    message = compose(notice, application, recipient, known, now=now)
    return replace(message, files=_files(notice, application))


def compose(
    notice: str, application: Application, recipient: str, known: "Facts", *, now: datetime
) -> Message:
    """Write the mail from what is known, without its files and without asking the database."""
    address, language = resolve(application, recipient)
    with translation.override(language):
        context = _context(application, recipient, known, now)
        text = render_to_string(f"applications/mail/{notice}.txt", context)
    subject, body = subject_and_body(text)
    return Message(
        to=address,
        subject=_subject(application, subject),
        text=body,
        language=language,
    )


@dataclass(frozen=True, slots=True)
class Facts:
    """What a mail tells besides the application's own fields."""

    request: InformationRequest | None = None
    decision: Decision | None = None
    certificate: Certificate | None = None
    host_names: Sequence[HostName] = ()
    missing: Sequence[contents.Section] = ()
    lapses_on: date | None = None
    link: str = ""
    contact_told: bool = False
    proven: bool = False
    asked_by: str = ""
    predecessor: Predecessor | None = None
    successor: Application | None = None
    again: bool = False
    refused_by: str = ""


def facts(application: Application) -> Facts:
    """Return the facts about the application as they stand."""
    certificate = delivery.certificate_of(application)
    refused = application.contact_links.exclude(not_mine_at=None).order_by("not_mine_at").last()
    return Facts(
        request=application.requests.last(),
        decision=application.decisions.last(),
        certificate=certificate,
        proven=certificate is not None and is_proven(certificate),
        asked_by=asked_by(certificate) if certificate else "",
        host_names=list(application.host_names.all()),
        missing=lapsing.missing(application),
        lapses_on=lapsing.lapses_on(application),
        predecessor=telling.predecessor(application),
        successor=telling.successor(application),
        again=application.submission is not None and application.submission.number > 1,
        refused_by=refused.email if refused else "",
    )


def capacity(application: Application, recipient: str) -> str:
    """Return as what the recipient reads: whoever gets the certificate is one of the others."""
    if recipient != "recipient":
        return recipient
    contact_gets = application.deliver_to == Delivery.TECHNICAL_CONTACT
    return "technical_contact" if contact_gets else "applicant"


def distinct(application: Application, recipients: Sequence[str]) -> tuple[str, ...]:
    """Return those of the recipients that bring the mail to an address of their own."""
    found: dict[str, str] = {}
    for recipient in recipients:
        address, _language = resolve(application, recipient)
        if address:
            found.setdefault(address.casefold(), recipient)
    return tuple(found.values())


def resolve(application: Application, recipient: str) -> tuple[str, str]:
    """Return the recipient's address and language."""
    if recipient == "reviewer":
        person = application.reviewer
        return (person.email, person.language) if person else ("", "fi")
    if recipient.startswith("person:"):
        return _of_person(recipient.partition(":")[2])
    recipient = capacity(application, recipient)
    if recipient in contact.HOLDERS:
        language = application.technical_language or application.language
        return contact.address_of(application, recipient), language
    if recipient == "mailbox":
        return application.mailbox, application.language
    return application.contact_email, application.language


def _of_person(key: str) -> tuple[str, str]:
    person = Person.objects.filter(pk=key).exclude(email_verified_at=None).first()
    return (person.email, person.language) if person else ("", "fi")


def _subject(application: Application, subject: str) -> str:
    test = "[TEST] " if CertificateType(application.type).is_test else ""
    return f"{test}{application.number}: {subject}"


def _context(
    application: Application, recipient: str, known: Facts, now: datetime
) -> dict[str, Any]:
    recipient = capacity(application, recipient)
    page = "console:case" if recipient == "reviewer" else "applications:order"
    base = settings.PORTAL_BASE_URL
    fields = known.request.fields if known.request else []
    changed = clock.day(application.changed_at)
    return {
        "application": application,
        "recipient": recipient,
        "is_contact": recipient in contact.HOLDERS,
        "on_account": recipient not in {*contact.HOLDERS, "mailbox"},
        "type": CertificateType(application.type),
        "is_test": CertificateType(application.type).is_test,
        "address": base + reverse(page, args=[application.pk]),
        "base": base,
        "link": known.link and base + reverse("contact:landing", args=[known.link]),
        "contact_told": known.contact_told,
        "request": known.request,
        "sections": [contents.BY_ID[field].title for field in fields],
        "missing": [section.title for section in known.missing],
        "lapses_on": known.lapses_on,
        "last_day": known.lapses_on and known.lapses_on - timedelta(days=1),
        "removed_on": lapsing.removed_on(changed),
        "findings": [words for finding, words in word_all(application.findings)],
        "faults": [words for finding, words in word_faults(application.findings)],
        "decision": known.decision,
        "certificate": known.certificate,
        "predecessor": known.predecessor,
        "successor": known.successor,
        "proven": known.proven,
        "asked_by": known.asked_by,
        "again": known.again,
        "refused_by": known.refused_by,
        "reason": reason_words(known.certificate.revocation_reason if known.certificate else ""),
        "turn": workflow.TURN.get(workflow.Status(application.status)),
        "host_names": known.host_names,
        "now": now,
    }


def _files(notice: str, application: Application) -> Sequence[File]:
    if notice == "receipt" and application.submission:
        return [papers.receipt(application.submission)]
    if notice == "rejected" and (decision := papers.last_rejection(application)):
        return [papers.rejection(decision)]
    certificate = delivery.certificate_of(application) if notice == "package" else None
    if certificate is None:
        return ()
    files = delivery.files(application, certificate)
    return [files["der"], files["pem"], files["chain"]]
