"""Approve the prepared certificate, and reopen a case; the text of the decision, also before it."""

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_safe

from accounts import access
from accounts.models import Person
from accounts.page_reading import read_once
from applications import services
from applications.documents import paper_text
from applications.errors import Changed
from applications.models import Application, Decision
from applications.rules import case_holder
from applications.views.console import passkey
from applications.views.console.case import case_context, checklist, rights
from applications.views.console.case.form_page import form_page
from applications.views.console.case.forms import ApproveForm, ReasonsForm
from applications.views.console.case.identity import identity, kept_from
from applications.views.console.case.reading import read, read_others
from applications.views.console.entry import back_to, case_view, lost, offering_next, taking_next
from applications.views.shared import since
from applications.views.shared.entry import by_person
from applications.workflow import ENDED, Action, Status
from certportal.foundation import clock
from certportal.foundation.errors import Stale
from issuance.models import PreparedCertificate


@case_view
def approve(request: HttpRequest, application: Application) -> HttpResponse:
    """Show the certificate and the hash of its bytes, then approve exactly these bytes.

    `then=next` goes on to the next case.
    """
    if request.method != "POST":
        context = confirmation(request, application)
        return render(request, "applications/console/approve.html", context)
    form = ApproveForm(request.POST)
    if not form.is_valid():
        raise Changed
    shown = PreparedCertificate.objects.filter(
        pk=form.cleaned_data["prepared_id"], reference=application.pk
    ).first()
    if shown is None:
        raise Changed
    decided = _decided(application, shown, now=clock.now())
    try:
        arguments = form.cleaned_data | passkey.given(request, decided) | by_person(request)
        approved = services.approve(application.pk, **arguments)
    except Stale as refusal:
        return lost(request, application, refusal)
    passkey.note(request, arguments)
    message = _("You approved the certificate of %(number)s.") % {"number": application.number}
    if approved.status == Status.IN_REVIEW:
        message += " " + _("Another reviewer must approve it too.")
    if request.POST.get("then") == "next":
        return taking_next(request, message)
    return back_to(application, request, message)


reopen = form_page(
    "reopen",
    Action.REOPEN,
    services.reopen,
    ReasonsForm,
    gettext_lazy("The case was taken up again."),
)


@read_once
def confirmation(request: HttpRequest, application: Application) -> dict[str, Any]:
    """Return the context of the page on which the reviewer approves."""
    person, now = access.person_of(request), clock.now()
    read(application, person, now=now)
    context = identity(application, person, now=now)
    context |= rights.sender(application, person)
    context |= case_context.evidence(application, read_others(application, now=now), now=now)
    context |= case_context.prepared(application, person, now=now)
    context["checklist"] = checklist.items(context["handled"], context)
    latest = context["latest"]
    initial = {"version": application.version}
    if latest is not None:
        initial |= {"prepared_id": latest.pk, "tbs_sha256": latest.tbs_sha256}
    can = latest is not None and "approve" in context["offers"]
    decided = _decided(application, latest, now=now) if can else None
    if application.status != Status.IN_REVIEW:
        context["kept_from"] = kept_from(Action.APPROVE, application, person, now=now)
    context["since"] = since.of_case(application, person)
    context["looking"] = case_holder.by_another(application, person, now=now)
    context |= offering_next(request)
    return context | passkey.page(request, decided) | {"form": ApproveForm(initial=initial)}


def _decided(
    application: Application, attempt: PreparedCertificate, *, now: datetime
) -> passkey.Decided:
    challenge = services.to_sign(application, attempt, now=now)
    return passkey.Decided(challenge, [attempt.environment])


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
