"""The text of the decision on a case: as a preview before approving, and afterwards."""

from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import access
from accounts.models import Person
from applications.documents import paper_text
from applications.models import Application, Decision
from applications.views.console.case.identity import identity
from applications.views.console.entry import case_view
from applications.workflow import ENDED, Status
from certportal.foundation import clock

DECIDED = frozenset({Status.APPROVED, Status.ISSUED, Status.DELIVERED, Status.REJECTED})


@case_view
@require_safe
def decision(request: HttpRequest, application: Application) -> HttpResponse:
    """Show the latest decision, or the one that the applicant would get on approval."""
    person, now = access.person_of(request), clock.now()
    if application.submission is None or application.erased_at is not None:
        raise Http404
    context = identity(application, person, now=now)
    if shown := decided(application) or _if_approved(application, person, now):
        context |= {
            "is_made": shown.pk is not None,
            "language": shown.submission.language,
            "text": paper_text.decision(shown, layout=paper_text.WITHIN_A_PAGE),
        }
    return render(request, "applications/console/decision.html", context)


def decided(application: Application) -> Decision | None:
    """Return the decision in force; None after a reopening or a recall."""
    return application.decisions.last() if application.status in DECIDED else None


def _if_approved(application: Application, person: Person, now: datetime) -> Decision | None:
    """Return the unsaved decision that the person's approval would make; None once it ended."""
    if application.status in ENDED:
        return None
    return Decision(
        application=application,
        kind=Decision.Kind.APPROVED,
        reviewer=person,
        submission=application.submission,
        at=now,
    )
