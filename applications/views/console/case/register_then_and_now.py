"""The register records behind each step of a case and its certificate, then and now."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts.register.models import RegisterRecord
from applications.documents.certificate_files import certificate_of
from applications.models import Application
from applications.register_watch import evidence
from applications.rules.attempts import approvals, attempts
from applications.views.shared.thread import TO_REVIEWERS, Said
from certportal.foundation import clock


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the case, and the version of the register record on which it was based."""

    what: str
    at: datetime
    record: RegisterRecord


def rows(application: Application) -> list[Step]:
    """Return the steps in chronological order, without those based on no known record."""
    # An approval and the decision it completes have the same time.
    return sorted([*_authority(application), *_own(application)], key=lambda step: step.at)


def certified(application: Application) -> dict[str, Any]:
    """Return the context with the records behind the issued certificate; {} without one."""
    certificate = certificate_of(application)
    return {"register": evidence.entries(certificate, now=clock.now())} if certificate else {}


def _own(application: Application) -> Iterator[Step]:
    for submission in application.submissions.all():
        if submission.record:
            what = _("Submission %(number)s") % {"number": submission.number}
            yield Step(what, submission.at, submission.record)
    for check in application.check_runs.all():
        if check.record:
            yield Step(_("Automatic checks"), check.at, check.record)
    for decision in application.decisions.all():
        if decision.record:
            what = f"{TO_REVIEWERS[Said(decision.kind)]}, {decision.reviewer}"
            yield Step(what, decision.at, decision.record)


def _authority(application: Application) -> Iterator[Step]:
    for attempt in attempts(application.pk):
        if record := evidence.record_of(attempt):
            what = _("Preparation, attempt %(number)s") % {"number": attempt.attempt}
            yield Step(what, attempt.created_at, record)
    for approval in approvals(application.pk):
        if record := evidence.named(approval.register_record):
            what = _("Approval: %(person)s") % {"person": approval.person}
            yield Step(what, approval.created_at, record)
