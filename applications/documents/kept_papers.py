"""Stored papers: the source of the paper for a mail or page, and its bytes."""

from datetime import datetime, timedelta

from applications.documents.certificate_files import certificate_of
from applications.models import Application, Decision
from applications.models.paper import Installing, Source, paper_of
from applications.workflow import Status
from certportal.foundation.database.related_rows import rows_of
from certportal.foundation.errors import NotYet
from certportal.foundation.files import storing
from certportal.foundation.files.documents import PDF
from certportal.foundation.mail.sending import File
from issuance.models import Certificate

SIGNED = frozenset({Status.ISSUED, Status.DELIVERED})


def last_decision(application: Application) -> Decision | None:
    """Return the newest decision that rejected or approved the order; None if there is none.

    An approval counts once the certificate was signed: until then it may be recalled.
    """
    kinds = [Decision.Kind.REJECTED]
    if application.status in SIGNED:
        kinds.append(Decision.Kind.APPROVED)
    decisions = [each for each in rows_of(application, "decisions") if each.kind in kinds]
    return decisions[-1] if decisions else None


def revoked_certificate(application: Application) -> Certificate | None:
    certificate = certificate_of(application)
    is_revoked = certificate is not None and certificate.state == Certificate.State.REVOKED
    return certificate if is_revoked else None


def installable(application: Application, language: str, *, now: datetime) -> Installing | None:
    """Return the source of the installing sheet, or None unless the certificate is in force."""
    certificate = certificate_of(application)
    if certificate is None or certificate.state != Certificate.State.ISSUED:
        return None
    return Installing(certificate, language) if now < certificate.not_after else None


NOTICES = frozenset({"receipt", "rejected"})
"""The notices to which a paper is attached."""


class NotMade(NotYet):
    """The paper is being made; storing it makes the mails that wait for it due."""

    least_pause = timedelta(seconds=30)


def source(notice: str, application: Application) -> Source | None:
    """Return the source of the paper to attach to the notice, or None."""
    if notice == "receipt":
        return application.submission
    rejections = application.decisions.filter(kind=Decision.Kind.REJECTED)
    return rejections.last() if notice == "rejected" else None


def kept(made_of: Source) -> File:
    """Return the stored paper of the source.

    Raises NotMade until it is made, and Unavailable while its file cannot be read.
    """
    paper = paper_of(made_of)
    if paper is None or paper.made_at is None:
        raise NotMade("paper")
    return File(paper.name, storing.read(paper.file), PDF)
