"""Reject a case: write the reasons, preview the decision, send it with a second factor."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts import access
from accounts.page_reading import read_once
from applications import services
from applications.documents import paper_text
from applications.errors import Changed
from applications.models import Application, Decision, ReadyReason
from applications.rules import hearing
from applications.views.console.case import answer, case_context, reasons
from applications.views.console.case.hearing_forms import RejectForm
from applications.views.console.case.identity import identity, kept_from
from applications.views.console.case.reading import read
from applications.views.console.entry import back_to, case_view, kept
from applications.views.shared.entry import by_person
from applications.workflow import Action
from certportal.foundation import clock
from certportal.foundation.errors import NotAllowed, Stale


@case_view
def reject(request: HttpRequest, application: Application) -> HttpResponseBase:
    """Ask for the reasons; `preview` shows the decision as the applicant reads it, `send` makes it.

    An old second factor must be renewed before writing; if it becomes old while writing, it is
    renewed on the page with the text, so that the text is not lost.
    """
    lead = None if request.method == "POST" else access.lead_to_reauthenticate(request)
    return lead or _reject(request, application, clock.now())


def _reject(request: HttpRequest, application: Application, now: datetime) -> HttpResponse:
    form = _form(request, application, now)
    if request.method != "POST" or "edit" in request.POST or not form.is_valid():
        return _page(request, application, form)
    try:
        if application.version != form.cleaned_data["version"]:
            raise Changed
        if "send" not in request.POST or _must_confirm(request, now):
            return _preview(request, application, form, now)
        services.reject(application.pk, **form.cleaned_data, **by_person(request))
    except (Stale, NotAllowed) as refusal:
        context = kept(request, application, form, refusal)
        return _page(request, application, form, status=refusal.status, **context)
    message = _("The application was rejected and the applicant told.")
    return back_to(application, request, message)


def _must_confirm(request: HttpRequest, now: datetime) -> bool:
    return now - access.second_factor_at(request) > access.SECOND_FACTOR_LASTS


def _form(request: HttpRequest, application: Application, now: datetime) -> RejectForm:
    """Return the form; the button of a ready-made reason adds it to the typed text."""
    is_heard = hearing.is_heard(application, now=now)
    first = {"version": application.version}
    form = RejectForm(request.POST or None, is_heard=is_heard, initial=first)
    if "template" not in request.POST:
        return form
    ready = reasons.offered(ReadyReason.Use.REJECTING)
    typed = reasons.added(form, "reasons", ready, application.language)
    return RejectForm(is_heard=is_heard, initial=typed)


@read_once
def _page(
    request: HttpRequest, application: Application, form: RejectForm, status: int = 200, **more: Any
) -> HttpResponse:
    person, now = access.person_of(request), clock.now()
    read(application, person, now=now)
    context = identity(application, person, now=now)
    context |= case_context.prepared(application, person, now=now)
    context |= {
        "form": form,
        "answer": answer.of_case(application),
        "templates": reasons.offered(ReadyReason.Use.REJECTING),
        "hearing": hearing.last(application, before=now),
        "is_heard": hearing.is_heard(application, now=now),
        "kept_from": kept_from(Action.REJECT, application, person, now=now),
    }
    return render(request, "applications/console/reject.html", context | more, status=status)


def _preview(
    request: HttpRequest, application: Application, form: RejectForm, now: datetime
) -> HttpResponse:
    person, cleaned = access.person_of(request), form.cleaned_data
    if kept_from(Action.REJECT, application, person, now=now):
        return _page(request, application, form)
    assert application.submission is not None
    decision = Decision(
        application=application,
        kind=Decision.Kind.REJECTED,
        reviewer=person,
        reasons=cleaned["reasons"],
        unheard=cleaned.get("unheard", ""),
        unheard_because=cleaned.get("unheard_because", ""),
        submission=application.submission,
        at=now,
    )
    context = identity(application, person, now=now) | {
        "form": form,
        "answer": answer.of_case(application),
        "must_confirm": _must_confirm(request, now),
        "language": application.submission.language,
        "text": paper_text.decision(decision, layout=paper_text.WITHIN_A_PAGE),
    }
    return render(request, "applications/console/reject_preview.html", context)
