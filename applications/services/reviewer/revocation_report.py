"""Revoke on a report from outside: one reviewer for an exposed key, otherwise two."""

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


@transaction.atomic
def revoke_as_told(
    application_id: UUID,
    *,
    told: RevocationReport,
    reason: str,
    words: str,
    person: Person,
    actor: Actor,
    now: datetime,
) -> RevocationReport:
    """Revoke the order's certificate at once if its key is exposed, else propose to revoke it.

    `told`: the unsaved report, with who, how and when, and how the caller was verified.

    If a proposal is open already, the report is added to it. While it waits for a second reviewer,
    the organisation is told by mail, since the caller may deceive. Recording the same report again
    returns the first row. Raises what `revoke_exposed` and `propose` raise, and ProposalOver if the
    proposal was closed meanwhile.
    """
    arguments: dict[str, Any] = {"words": words, "person": person, "actor": actor, "now": now}
    proposal, application = None, transition.lock(application_id)
    earlier = _earlier_report(application, told, words, person)
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
    told.application, told.certificate_id = application, certificate.pk
    told.proposal, told.beside, told.person, told.at = proposal, beside, person, now
    if beside is not None:
        told.reason, told.words = reason, words
    told.save(force_insert=True)
    data: dict[str, Any] = {"certificate": certificate.pk, "channel": told.channel}
    reported = ApplicationEvent.REVOCATION_REPORTED
    events.record(reported, application, actor, now, reason=reason, **data)
    if told.settles is not None:
        tell_concerned(application, "revocation_reported", now=now, report=str(told.pk))
    return told


def _require_notable(application: Application, person: Person, reason: str, now: datetime) -> None:
    require(revocation.to_note(application, person, now=now))
    if reason not in PROPOSABLE:
        raise UnknownReason


def _earlier_report(
    application: Application, told: RevocationReport, words: str, person: Person
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
        received_at=told.received_at,
        channel=told.channel,
        caller=told.caller,
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
