"""Carrying out the table of retention: personal data leaves its rows, the events stay."""

import json
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from accounts.models import AdministratorRequest, Succession
from accounts.services.erasing import (
    erase_codes,
    erase_documents,
    erase_invitations,
    erase_persons,
    erase_sessions,
)
from applications import retention
from applications.models import (
    Application,
    Decision,
    RegisterTask,
    RevocationProposal,
    RevocationRequest,
    SentNotice,
    Submission,
)
from applications.replacing.models import ReplacementApproval
from applications.services import moving
from applications.services.attaching import erase_attachments
from applications.workflow import Status
from certportal.foundation.actors import system
from certportal.foundation.jobs import for_each
from certportal.foundation.models import EventOrigin, OutboxItem, Tally
from issuance.models import Certificate

ACTOR = system("retention")
PERSONAL = (
    "contact_name",
    "contact_email",
    "contact_phone",
    "mailbox",
    "technical_name",
    "technical_email",
    "technical_organisation",
    "deputy_name",
    "deputy_email",
)


def erase_expired(*, now: datetime) -> None:
    """Erase everything whose time is over. Drafts have their own, warned, way out."""
    try:
        for_each(over(now), partial(erase, now=now))
    finally:
        _erase_the_rest(now)


def _erase_the_rest(now: datetime) -> None:
    """Erase what belongs to no order, also when an order could not be erased."""
    erase_persons(retention.PERSONS.limit(now), in_use=in_use(), now=now)
    erase_documents(retention.RIGHTS.limit(now))
    erase_sessions(retention.SESSIONS.limit(now))
    erase_codes(retention.CODES.limit(now))
    erase_invitations(retention.INVITATIONS.limit(now))
    _tidy(now)


def over(now: datetime) -> list[UUID]:
    """Return the orders whose time is over and whose personal data still stands."""
    expired = Certificate.objects.filter(not_after__lt=retention.ISSUED.limit(now))
    issued = Q(status__in=[Status.ISSUED, Status.DELIVERED], pk__in=expired.values("reference"))
    rejected = Q(status=Status.REJECTED, ended_at__lt=retention.REJECTED.limit(now))
    without = Q(
        status__in=[Status.WITHDRAWN, Status.LAPSED], ended_at__lt=retention.ENDED.limit(now)
    )
    found = Application.objects.filter(issued | rejected | without, erased_at=None)
    return list(found.order_by("created_at").values_list("pk", flat=True))


@transaction.atomic
def erase(application_id: UUID, *, now: datetime) -> None:
    """Blank the personal data of one order; its number, dates, hashes and decisions' kinds stay.

    The frozen submissions lose the personal values and keep the hash of what once was signed.
    """
    application = moving.lock(application_id)
    if application.erased_at is not None:
        return
    # First of all: the database lets what was sent be changed in an erased order alone.
    moving.save(application, now=now, erased_at=now, **dict.fromkeys(PERSONAL, ""))
    for submission in application.submissions.all():
        submission.content = _without_persons(submission)
        submission.save(update_fields=["content"])
    application.requests.update(reason="")
    application.additions.update(text="")
    application.revocation_requests.update(words="")
    application.revocation_proposals.update(words="", closing_words="")
    application.decisions.update(reasons="")
    application.host_names.update(evidence_note="")
    application.contact_links.all().delete()
    application.csrs.update(der=b"", report={})
    erase_attachments(application)
    moving.record(application, "erase", actor=ACTOR, now=now)


def in_use() -> set[UUID]:
    """Return the persons whom an order that still has its data names."""
    kept = Application.objects.filter(erased_at=None)
    keys = kept.values("pk")
    found: set[UUID] = set(kept.values_list("created_by", flat=True))
    found |= set(kept.exclude(reviewer=None).values_list("reviewer_id", flat=True))
    for rows, field in (
        (Submission.objects.filter(application__in=kept), "person"),
        (Decision.objects.filter(application__in=kept), "reviewer"),
        (RevocationRequest.objects.filter(application__in=kept), "person"),
        (RevocationProposal.objects.filter(application__in=kept), "maker"),
        (ReplacementApproval.objects.filter(replacement__items__reference__in=keys), "person"),
    ):
        found |= set(rows.values_list(field, flat=True))
    return found


def _without_persons(submission: Submission) -> str:
    content = json.loads(submission.content)
    blanked = {name: "" for name in (*PERSONAL, "person_name") if name in content}
    return json.dumps(content | blanked, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _tidy(now: datetime) -> None:
    finished = retention.WORK.limit(now)
    OutboxItem.objects.filter(done_at__lt=finished).delete()
    Tally.objects.filter(window__lt=finished).delete()
    EventOrigin.objects.filter(at__lt=retention.ORIGINS.limit(now)).delete()
    SentNotice.objects.filter(sent_at__lt=retention.NOTICES.limit(now)).delete()
    decided = retention.MATTERS.limit(now)
    RegisterTask.objects.filter(decided_at__lt=decided).exclude(reasons="").update(reasons="")
    asked = AdministratorRequest.objects.filter(decided_at__lt=decided)
    asked.exclude(reason="", reasons="").update(reason="", reasons="")
    Succession.objects.filter(at__lt=decided).exclude(reason="").update(reason="")
