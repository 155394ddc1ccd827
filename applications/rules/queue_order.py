"""In which order reviewers take the cases: the oldest promise first."""

from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from applications.models import Application
from applications.rules import case_holder
from applications.workflow import Status
from issuance.models import Approval, PreparedCertificate


def ordered(found: QuerySet[Application]) -> QuerySet[Application]:
    """Return the cases as the queue lists them."""
    return found.order_by(F("due_on").asc(nulls_last=True), "submitted_at", "number")


def before(application: Application) -> QuerySet[Application]:
    """Return the free cases that the queue lists before this one, which has a promised day."""
    sooner = Q(due_on__lt=application.due_on)
    alike = Q(due_on=application.due_on, submitted_at=application.submitted_at)
    sooner |= Q(due_on=application.due_on, submitted_at__lt=application.submitted_at)
    sooner |= alike & Q(number__lt=application.number)
    return Application.objects.filter(sooner, case_holder.free(), status=Status.IN_REVIEW)


def second_wanted(now: datetime) -> Q:
    """Return the condition on Application that somebody has approved it and another one must too.

    With enough approvals a case is in review no more; an attempt past its end wants the first one
    again.
    """
    given = Approval.objects.filter(
        prepared__reference=OuterRef("pk"),
        prepared__state=PreparedCertificate.State.PREPARED,
        prepared__expires_at__gt=now,
    )
    return Q(Exists(given), status=Status.IN_REVIEW)
