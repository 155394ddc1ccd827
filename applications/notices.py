"""Every mail of the registration authority: a template each, in the recipient's language."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from applications import contents, delivery, workflow
from applications.kinds import CertificateType, Delivery
from applications.models import Application
from applications.wording import word_all
from certportal.foundation.mail import File, Message

NOTICES = (
    "receipt",
    "csr_attached",
    "csr_returned",
    "information_wanted",
    "deadline_extended",
    "request_cancelled",
    "recalled",
    "rejected",
    "reopened",
    "withdrawn",
    "lapsed",
    "package",
    "revoked",
)


def build(
    notice: str, application: Application, recipient: str, *, now: datetime
) -> Message | None:
    """Return the mail for the recipient, or None when there is nobody to send it to.

    `recipient` says what they are to the application: applicant, recipient (of the certificate),
    mailbox, technical_contact, reviewer. The first line of the template is the subject.
    """
    if notice not in NOTICES:
        raise ValueError(notice)
    address, language = resolve(application, recipient)
    if not address:
        return None
    with translation.override(language):
        context = _context(notice, application, recipient, now)
        text = render_to_string(f"applications/mail/{notice}.txt", context)
    subject, _, body = text.strip().partition("\n")
    return Message(
        to=address,
        subject=_subject(application, subject),
        text=body.strip() + "\n",
        language=language,
        files=_files(notice, application),
    )


def resolve(application: Application, recipient: str) -> tuple[str, str]:
    """Return the recipient's address and language."""
    if recipient == "reviewer":
        person = application.reviewer
        return (person.email, person.language) if person else ("", "fi")
    technical = application.technical_email, application.technical_language or application.language
    if recipient == "technical_contact":
        return technical
    if recipient == "recipient" and application.deliver_to == Delivery.TECHNICAL_CONTACT:
        return technical
    if recipient == "mailbox":
        return application.mailbox, application.language
    return application.contact_email, application.language


def _subject(application: Application, subject: str) -> str:
    test = "[TEST] " if CertificateType(application.type).is_test else ""
    return f"{test}{application.number}: {subject.strip()}"


def _context(
    notice: str, application: Application, recipient: str, now: datetime
) -> dict[str, Any]:
    path = reverse("applications:order", args=[application.pk])
    if recipient == "reviewer":
        path = reverse("console:case", args=[application.pk])
    request = application.requests.last()
    return {
        "application": application,
        "type": CertificateType(application.type),
        "is_test": CertificateType(application.type).is_test,
        "address": settings.PORTAL_BASE_URL + path,
        "base": settings.PORTAL_BASE_URL,
        "request": request,
        "sections": [contents.BY_ID[field].title for field in request.fields] if request else [],
        "findings": [words for finding, words in word_all(application.findings)],
        "decision": application.decisions.last(),
        "certificate": delivery.certificate_of(application),
        "turn": workflow.TURN.get(workflow.Status(application.status)),
        "host_names": list(application.host_names.all()),
        "now": now,
    }


def _files(notice: str, application: Application) -> Sequence[File]:
    certificate = delivery.certificate_of(application) if notice == "package" else None
    if certificate is None:
        return ()
    files = delivery.files(application, certificate)
    return [files["der"], files["pem"], files["chain"]]
