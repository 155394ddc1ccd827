"""The state of the preparation of a case's certificate, in words."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import Person
from applications.checks.wording import word_all
from applications.models import Application
from applications.rules import certificate_preparation
from applications.rules.attempts import approvals_of, attempts
from applications.rules.void_reasons import void_reason
from applications.workflow import ENDED, Status
from issuance.findings import Finding, Severity
from issuance.models import PreparedCertificate
from issuance.wording import WordedFinding

State = PreparedCertificate.State


@dataclass(frozen=True, slots=True)
class Stage:
    """The state of the preparation: `id` is none, preparing, missing, ready, outdated, expired,
    refused or closed.
    """

    id: str
    text: str

    @property
    def is_shown(self) -> bool:
        """Whether the page shows the latest attempt with its lint findings."""
        return self.id in {"ready", "outdated", "expired", "refused", "closed"}


def stage(
    application: Application,
    latest: PreparedCertificate | None,
    *,
    has_changed: bool,
    now: datetime,
) -> Stage:
    """Return the state; `has_changed`: a fact on which an approval rests no longer holds."""
    if latest is not None and latest.state in {State.SIGNING, State.ISSUED}:
        return Stage("closed", _("The certificate was made from these bytes."))
    if latest is not None and latest.is_open and latest.is_timely(now):
        if has_changed:
            text = _("Something has changed since this was prepared: it cannot be approved.")
            return Stage("outdated", text)
        return Stage("ready", _("This is exactly what will be signed."))
    if application.status in ENDED:
        return Stage("none", _("No certificate was made."))
    if application.reviewer_id is None:
        return Stage("none", _("The certificate is prepared when a reviewer takes the case."))
    if application.status != Status.IN_REVIEW:
        return Stage("none", _("The certificate is prepared when the order is in review again."))
    if certificate_preparation.is_under_way(application):
        return Stage("preparing", _("The certificate is being prepared. It takes a moment."))
    if latest is not None and latest.state == State.REFUSED:
        return Stage("refused", _("The certificate authority refuses to make this certificate."))
    if latest is not None and latest.is_open:
        return Stage("expired", _("The prepared certificate is too old. Have it prepared again."))
    return Stage("missing", _("No certificate is prepared. Have it prepared again."))


@dataclass(frozen=True, slots=True)
class Past:
    """An attempt that cannot be used any more: the reason in words, and its approvers."""

    attempt: PreparedCertificate
    why: str
    findings: list[tuple[Finding, WordedFinding]]
    approvers: list[Person]


def past(application: Application) -> list[Past]:
    """Return void and refused attempts, newest first, except a refused latest one."""
    return [
        _past(attempt)
        for index, attempt in enumerate(attempts(application.pk))
        if attempt.state == State.VOID or (index and attempt.state == State.REFUSED)
    ]


def _past(attempt: PreparedCertificate) -> Past:
    refused = attempt.state == State.REFUSED
    why = (
        _("The certificate authority refused to make it.")
        if refused
        else void_reason(attempt.void_reason)
    )
    errors = [finding for finding in attempt.findings if finding["severity"] == Severity.ERROR]
    approvers = [approval.person for approval in approvals_of(attempt)]
    return Past(attempt, why, word_all(errors), approvers)
