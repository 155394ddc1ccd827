"""Revoking at the report of somebody outside: alone for an exposed key, else by two persons."""

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
from applications.services.applicant.revoke import revoke_exposed
from applications.services.reviewer.revocation import (
    AlreadyProposed,
    ProposalOver,
    open_proposal,
    propose,
    to_note,
)
from applications.workflow import ApplicationEvent
from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.together import Asks, Question, Rows
from issuance.services.errors import UnknownReason


@dataclass(frozen=True, slots=True)
class Told:
    """Who reported it how and when, how that was verified, and what came of calling back."""

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
    told: Told,
    reason: str,
    words: str,
    person: Person,
    actor: Actor,
    now: datetime,
) -> RevocationReport:
    """Revoke the order's certificate at once if its key is exposed, else propose to revoke it.

    Where it is proposed already, the report is kept beside that proposal. The same report a second
    time, from the same person, makes no other one. Raises what `revoke_exposed` and `propose`
    raise, and ProposalOver where it was settled meanwhile.
    """
    given: dict[str, Any] = {"words": words, "person": person, "actor": actor, "now": now}
    proposal, application = None, transition.lock(application_id)
    before = _same(application, told, words, person)
    beside = None if reason == EXPOSED or before else open_proposal(application)
    if reason == EXPOSED:
        revoke_exposed(application_id, **given)
    elif before is not None:
        _require_waiting(before, reason)
    elif beside is not None:
        _require_notable(application, person, reason, now)
    else:
        proposal = propose(application_id, reason=reason, **given)
    if before is not None:
        return before
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
        **asdict(told),
    )
    data: dict[str, Any] = {
        "certificate": certificate.pk,
        "channel": told.channel,
        "reason": reason,
    }
    events.record(ApplicationEvent.REVOCATION_REPORTED, application, actor, now, **data)
    return report


def _require_notable(application: Application, person: Person, reason: str, now: datetime) -> None:
    require(to_note(application, person, now=now))
    if reason not in PROPOSABLE:
        raise UnknownReason


def _same(
    application: Application, told: Told, words: str, person: Person
) -> RevocationReport | None:
    """Return the report that the person wrote before, of what the same caller said, or None.

    Another caller of the same minute, or the same with other grounds, is not the same report.
    """
    certificate = certificate_of(application)
    if certificate is None:
        return None
    same = application.revocation_reports.filter(
        certificate_id=certificate.pk,
        person=person,
        received_at=told.received_at,
        channel=told.channel,
        caller=told.caller,
    )
    for report in same.select_related("proposal", "beside"):
        settles = report.settles
        if settles is None or words == (report.words or settles.words):
            return report
    return None


def _require_waiting(report: RevocationReport, reason: str) -> None:
    """Raise ProposalOver unless its proposal is open, AlreadyProposed if for another reason."""
    settles = report.settles
    if settles is None or not settles.is_open:
        raise ProposalOver
    if reason != (report.reason or settles.reason):
        raise AlreadyProposed


@Question
def reports(application: Application) -> Asks[list[RevocationReport]]:
    """Return what was reported about the order's certificate, the newest first."""
    found = application.revocation_reports.order_by("-received_at", "-pk")
    return Rows(found, "person", "proposal", "beside"), list


def waiting(application: Application) -> RevocationReport | None:
    """Return the earliest report that waits for a second person, or None."""
    open_ = (one for one in reversed(reports(application)) if one.settles and one.settles.is_open)
    return next(open_, None)
