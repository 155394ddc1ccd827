"""Revoke on a report from outside: one reviewer for an exposed key, otherwise two."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import Person
from applications.documents.certificate_files import certificate_of
from applications.errors import require
from applications.models import Application, RevocationReport
from applications.models.revocation import EXPOSED
from applications.models.revocation_proposal import PROPOSABLE
from applications.services import transition
from applications.services.applicant.revoke import revoke_exposed, tell_concerned
from applications.services.reviewer import revocation
from applications.workflow import ApplicationEvent
from certportal.foundation import events
from certportal.foundation.actors import Actor
from issuance.services.errors import UnknownReason


@dataclass(frozen=True, slots=True)
class ReportDetails:
    """A report from outside: who, how and when; how the caller was verified and called back."""

    channel: RevocationReport.Channel
    role: RevocationReport.Role
    caller: str
    verified: str
    callback: str
    received_at: datetime


@transaction.atomic
def revoke_as_told(
    application_id: UUID,
    *,
    details: ReportDetails,
    reason: str,
    words: str,
    person: Person,
    actor: Actor,
    now: datetime,
) -> RevocationReport:
    """Revoke the order's certificate at once if its key is exposed, else propose to revoke it.

    If a proposal is open already, the report is added to it. While it waits for a second reviewer,
    the organisation is told by mail, since the caller may deceive. Recording the same report again
    returns the first row. Raises what `revoke_exposed` and `propose` raise, and ProposalOver if the
    proposal was closed meanwhile.
    """
    arguments: dict[str, Any] = {"words": words, "person": person, "actor": actor, "now": now}
    proposal, application = None, transition.lock(application_id)
    earlier = _earlier_report(application, details, words, person)
    beside = None if reason == EXPOSED or earlier else revocation.open_proposal(application)
    if reason == EXPOSED:
        revoke_exposed(application_id, **arguments)
    elif earlier is not None:
        _require_waiting(earlier, reason)
    elif beside is not None:
        _require_notable(application, person, reason, now)
    else:
        proposal = revocation.propose(application_id, reason=reason, **arguments)
    if earlier is not None:
        return earlier
    certificate = certificate_of(application)
    assert certificate is not None
    report = RevocationReport.objects.create(
        application=application,
        certificate_id=certificate.pk,
        proposal=proposal,
        beside=beside,
        person=person,
        at=now,
        **({"reason": reason, "words": words} if beside else {}),
        **asdict(details),
    )
    data: dict[str, Any] = {"certificate": certificate.pk, "channel": details.channel}
    reported = ApplicationEvent.REVOCATION_REPORTED
    events.record(reported, application, actor, now, reason=reason, **data)
    if report.settles is not None:
        tell_concerned(application, "revocation_reported", now=now, report=str(report.pk))
    return report


def _require_notable(application: Application, person: Person, reason: str, now: datetime) -> None:
    require(revocation.to_note(application, person, now=now))
    if reason not in PROPOSABLE:
        raise UnknownReason


def _earlier_report(
    application: Application, details: ReportDetails, words: str, person: Person
) -> RevocationReport | None:
    """Return the same report that the person recorded earlier, or None.

    Reports by another caller in the same minute, or with other grounds, are different ones.
    """
    certificate = certificate_of(application)
    if certificate is None:
        return None
    earlier = application.revocation_reports.filter(
        certificate_id=certificate.pk,
        person=person,
        received_at=details.received_at,
        channel=details.channel,
        caller=details.caller,
    )
    for report in earlier.select_related("proposal", "beside"):
        settles = report.settles
        if settles is None or words == (report.words or settles.words):
            return report
    return None


def _require_waiting(report: RevocationReport, reason: str) -> None:
    """Raise ProposalOver unless its proposal is open; AlreadyProposed if it has another reason."""
    settles = report.settles
    if settles is None or not settles.is_open:
        raise revocation.ProposalOver
    if reason != (report.reason or settles.reason):
        raise revocation.AlreadyProposed
