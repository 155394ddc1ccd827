"""Hearing the applicant before a rejection (hallintolaki 34 §), and when it may be left out.

Reviewers ask for it by `applications/services/reviewer/requests_and_hearings.py`.
"""

from datetime import UTC, datetime
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from applications.models import Application, Decision, InformationRequest
from certportal.foundation import clock
from certportal.foundation.database.combined_queries import Rows, compiled_for, first

EXCEPTIONS: dict[Decision.Unheard, Promise] = {
    Decision.Unheard.UNFOUNDED: _(
        "The order is dismissed without examining it, or is clearly unfounded (section 34(2)(1))"
    ),
    Decision.Unheard.PURPOSE: _(
        "Hearing could endanger the purpose of the decision (section 34(2)(4))"
    ),
    Decision.Unheard.HARM: _(
        "The delay would do considerable harm to people's health, to public safety or to the"
        " environment (section 34(2)(4))"
    ),
    Decision.Unheard.UNNECESSARY: _(
        "Hearing is manifestly unnecessary for another reason (section 34(2)(5))"
    ),
}
"""When a case may be decided without a hearing; items 2 and 3 concern other kinds of cases."""


def last(application: Application, *, before: datetime) -> InformationRequest | None:
    """Return the last hearing in the present handling of the order, or None.

    A hearing that was cancelled, or held before the order was reopened, does not count.
    """
    hearing: InformationRequest | None = first(_last(application.pk, before).alone())
    if hearing is None:
        return None
    reopened = application.decisions.filter(kind=Decision.Kind.REOPENED, at__lt=before).last()
    return None if reopened and reopened.at >= hearing.asked_at else hearing


@compiled_for(UUID(int=1), datetime.min.replace(tzinfo=UTC))
def _last(application_id: UUID, before: datetime) -> Rows:
    hearings = InformationRequest.objects.filter(
        application=application_id, is_hearing=True, cancelled=False, asked_at__lte=before
    )
    return Rows(hearings.order_by("-asked_at")[:1])


def is_answered(application: Application, *, now: datetime) -> bool:
    """Return whether the last hearing is answered and no question was asked after it."""
    hearing = last(application, before=now)
    if hearing is None or hearing.closed_at is None:
        return False
    return not application.requests.filter(asked_at__gt=hearing.asked_at, cancelled=False).exists()


def is_heard(application: Application, *, now: datetime) -> bool:
    """Return whether the order may be rejected without one of the `EXCEPTIONS`."""
    hearing = last(application, before=now)
    return hearing is not None and (
        hearing.closed_at is not None or hearing.deadline < clock.day(now)
    )
