"""The order of the reviewers' queue: earliest promised day first, cases without one last."""

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

KEY: Key = {"queue_day": date.fromisoformat, "submitted_at": datetime.fromisoformat, "number": str}
"""The sort key of the queue, matching its database indexes (`models/application.py`)."""


def with_day(cases: QuerySet[Application]) -> QuerySet[Application]:
    """Return the cases with `queue_day`: the promised day, or one after all others."""
    return cases.annotate(queue_day=Coalesce("due_on", NO_PROMISE))


def ordered(cases: QuerySet[Application]) -> QuerySet[Application]:
    return with_day(cases).order_by(*KEY)


def before(application: Application) -> QuerySet[Application]:
    """Return the free cases that the queue lists before this one, which has a promised day."""
    position = [application.due_on, application.submitted_at, application.number]
    free = with_day(Application.objects.filter(case_holder.free(), status=Status.IN_REVIEW))
    return free.filter(Beyond(KEY, position, "<"))


def is_to_take(person: Person, now: datetime) -> Q:
    """Return the condition for cases in review that the reviewer may take next.

    Such a case is free; or it is the reviewer's own and has come back since they claimed it: the
    applicant answered, it was handed over to them or returned to review (`next_from_today`), the
    day until which it was set aside has come, or a prepared certificate that they approved has
    expired without enough approvals. One that they have approved waits for another person.
    """
    requests = InformationRequest.objects.filter(application=OuterRef("pk"), cancelled=False)
    answered = requests.filter(closed_at__gt=OuterRef("claimed_at"))
    ended = Approval.objects.filter(
        person=person,
        prepared__reference=OuterRef("pk"),
        prepared__state=PreparedCertificate.State.PREPARED,
        prepared__expires_at__gt=OuterRef("claimed_at"),
        prepared__expires_at__lte=now,
    )
    came_back = Q(Exists(answered) | Exists(ended), aside_until=None)
    came_back |= Q(aside_until__lte=clock.day(now))
    to_take = case_holder.free() | (Q(reviewer=person) & came_back)
    return Q(to_take & ~approved_by(person, now), status=Status.IN_REVIEW)


def next_from_today(application: Application, now: datetime) -> dict[str, Any]:
    """Return the field that makes a held case its holder's next one from today."""
    return {"aside_until": clock.day(now) if application.reviewer_id else None}


def second_wanted(now: datetime) -> Q:
    """Return the condition for cases that have an approval and need another one.

    A case with enough approvals is no longer in review; an expired attempt needs its first approval
    again, and a free case needs a holder first.
    """
    return Q(Exists(_approvals(now)), ~case_holder.free(), status=Status.IN_REVIEW)


def approved_by(person: Person, now: datetime) -> Q:
    """Return the condition for cases with an approval of the person that has not expired."""
    return Q(Exists(_approvals(now).filter(person=person)))


def _approvals(now: datetime) -> QuerySet[Approval]:
    return Approval.objects.filter(
        prepared__reference=OuterRef("pk"),
        prepared__state=PreparedCertificate.State.PREPARED,
        prepared__expires_at__gt=now,
    )
