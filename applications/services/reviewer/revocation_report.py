"""Revoking at the report of somebody outside: alone for an exposed key, else by two persons."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import Person
from applications.documents.certificate_files import certificate_of
from applications.models import Application, RevocationReport
from applications.models.revocation import EXPOSED
from applications.services import transition
from applications.services.applicant.revoke import revoke_exposed
from applications.services.reviewer.revocation import propose
from applications.workflow import ApplicationEvent
from certportal.foundation import events
from certportal.foundation.actors import Actor


@dataclass(frozen=True, slots=True)
class Told:
    """Who reported it how and when, how that was verified, and what came of calling back."""

    channel: RevocationReport.Channel
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

    Raises what `revoke_exposed` and `propose` raise.
    """
    given: dict[str, Any] = {"words": words, "person": person, "actor": actor, "now": now}
    proposal, application = None, transition.lock(application_id)
    if reason == EXPOSED:
        revoke_exposed(application_id, **given)
    else:
        proposal = propose(application_id, reason=reason, **given)
    certificate = certificate_of(application)
    assert certificate is not None
    report = RevocationReport.objects.create(
        application=application,
        certificate_id=certificate.pk,
        proposal=proposal,
        person=person,
        at=now,
        **asdict(told),
    )
    events.record(
        ApplicationEvent.REVOCATION_REPORTED,
        application,
        actor,
        now,
        certificate=report.certificate_id,
        channel=told.channel,
        reason=reason,
    )
    return report


def waiting(application: Application) -> RevocationReport | None:
    """Return the report that waits for a second person, or None."""
    open_ = application.revocation_reports.filter(proposal__closed_at=None)
    return open_.exclude(proposal=None).last()
