"""How far the preparation of the certificate is, in words."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import Person
from applications.models import Application
from applications.views.console.offers import is_open
from applications.views.voiding import void_reason
from applications.wording import word_all
from applications.workflow import ENDED, Status
from issuance.findings import Finding, Severity
from issuance.models import PreparedCertificate
from issuance.services.approve import approvers
from issuance.wording import WordedFinding

State = PreparedCertificate.State


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the preparation stands: `id` is none, preparing, ready, expired, refused or closed."""

    id: str
    text: str


def attempts(application: Application) -> list[PreparedCertificate]:
    """Return every attempt at the case's certificate, newest first."""
    found = PreparedCertificate.objects.filter(reference=application.pk)
    return list(found.order_by("-attempt"))


def stage(application: Application, latest: PreparedCertificate | None, *, now: datetime) -> Stage:
    """Return where the preparation stands."""
    if latest is not None and latest.state in {State.SIGNING, State.ISSUED}:
        return Stage("closed", _("The certificate was made from these bytes."))
    if is_open(latest, now=now):
        return Stage("ready", _("This is exactly what will be signed."))
    if application.status in ENDED:
        return Stage("none", _("No certificate was made."))
    if application.status != Status.IN_REVIEW or application.reviewer_id is None:
        return Stage("none", _("The certificate is prepared when a reviewer takes the case."))
    if latest is not None and latest.state == State.REFUSED:
        return Stage("refused", _("The certificate authority refuses to make this certificate."))
    if latest is not None and latest.is_open:
        return Stage("expired", _("The prepared certificate is too old. Have it prepared again."))
    return Stage("preparing", _("The certificate is being prepared. It takes a moment."))


@dataclass(frozen=True, slots=True)
class Past:
    """An attempt that cannot be used any more: why, in words, and who had approved it."""

    attempt: PreparedCertificate
    why: str
    findings: list[tuple[Finding, WordedFinding]]
    approvers: list[Person]


def past(attempts: list[PreparedCertificate]) -> list[Past]:
    """Return the void and refused attempts but a refused newest one, which is shown whole."""
    over = [one for one in attempts if one.state == State.VOID]
    over += [one for one in attempts[1:] if one.state == State.REFUSED]
    return [_past(one) for one in sorted(over, key=lambda one: -one.attempt)]


def _past(attempt: PreparedCertificate) -> Past:
    refused = attempt.state == State.REFUSED
    why = (
        _("The certificate authority refused to make it.")
        if refused
        else void_reason(attempt.void_reason)
    )
    errors = [one for one in attempt.findings if one["severity"] == Severity.ERROR]
    return Past(attempt, why, word_all(errors), list(approvers(attempt)))
