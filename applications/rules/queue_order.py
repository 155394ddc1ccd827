"""In which order reviewers take the cases: the oldest promise first, those without one last."""

from datetime import date, datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from accounts.models import Person
from applications.models import Application, InformationRequest
from applications.models.application import NO_PROMISE
from applications.rules import case_holder
from applications.workflow import Status
from certportal.foundation import clock
from certportal.foundation.web.keyset import Beyond, Key
from issuance.models import Approval, PreparedCertificate

KEY: Key = {
    "queue_day": date.fromisoformat,
    "submitted_at": datetime.fromisoformat,
    "number": str,
}
"""What the queue is ordered by, as its indexes are (`models/application.py`)."""


def with_day(found: QuerySet[Application]) -> QuerySet[Application]:
    """Return the cases with `queue_day`: the promised day, or one after all others."""
    return found.annotate(queue_day=Coalesce("due_on", NO_PROMISE))


def ordered(found: QuerySet[Application]) -> QuerySet[Application]:
    """Return the cases as the queue lists them."""
    return with_day(found).order_by(*KEY)


def before(application: Application) -> QuerySet[Application]:
    """Return the free cases that the queue lists before this one, which has a promised day."""
    edge = [application.due_on, application.submitted_at, application.number]
    sooner = with_day(Application.objects.filter(case_holder.free(), status=Status.IN_REVIEW))
    return sooner.filter(Beyond(KEY, edge, "<"))


def to_take(person: Person, now: datetime) -> QuerySet[Application]:
    """Return the cases that are the reviewer's to begin with (see `is_to_take`)."""
    return Application.objects.filter(is_to_take(person, now))


def is_to_take(person: Person, now: datetime) -> Q:
    """Return the condition that a case in review waits for the reviewer to begin with it.

    Nobody has it; or it is their own and came back since they took it: answered by the applicant,
    handed to them or back in review (`back`), set aside until a day that has come, or approved by
    them at an attempt that has ended without the others.
    """
    asked = InformationRequest.objects.filter(application=OuterRef("pk"), cancelled=False)
    answered = asked.filter(closed_at__gt=OuterRef("claimed_at"))
    ended = Approval.objects.filter(
        person=person,
        prepared__reference=OuterRef("pk"),
        prepared__state=PreparedCertificate.State.PREPARED,
        prepared__expires_at__gt=OuterRef("claimed_at"),
        prepared__expires_at__lte=now,
    )
    came_back = Q(Exists(answered) | Exists(ended), aside_until=None)
    came_back |= Q(aside_until__lte=clock.day(now))
    return Q(case_holder.free() | (Q(reviewer=person) & came_back), status=Status.IN_REVIEW)


def back(application: Application, now: datetime) -> dict[str, Any]:
    """Return the field by which a case that somebody holds is theirs to take from today on."""
    return {"aside_until": clock.day(now) if application.reviewer_id else None}


def second_wanted(now: datetime) -> Q:
    """Return the condition on Application that somebody has approved it and another one must too.

    With enough approvals a case is in review no more; an attempt past its end wants the first one
    again, and a case that nobody holds wants a holder first.
    """
    given = Approval.objects.filter(
        prepared__reference=OuterRef("pk"),
        prepared__state=PreparedCertificate.State.PREPARED,
        prepared__expires_at__gt=now,
    )
    return Q(Exists(given), ~case_holder.free(), status=Status.IN_REVIEW)
