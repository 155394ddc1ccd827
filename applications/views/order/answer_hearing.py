"""Answer a hearing with a text; the order itself is not sent again."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from applications import services
from applications.models import Application
from applications.rules import answers, possible_actions, sections
from applications.views.order.forms.declarations import HearingForm
from applications.views.shared import stale
from applications.views.shared.entry import by_person, order_view
from applications.views.shared.latest_act import latest_act
from applications.views.shared.page import order_url, show
from applications.workflow import Action, Role
from certportal.foundation import clock
from certportal.foundation.errors import Stale


@order_view
def answer_hearing(request: HttpRequest, application: Application) -> HttpResponse:
    """Send the answer; keep the typed text if the order has changed meanwhile."""
    form = HearingForm(request.POST or None)
    if not form.is_valid():
        possible_actions.require(
            Action.ANSWER_HEARING, application, Role.APPLICANT, now=clock.now()
        )
    if request.method != "POST":
        assert application.question is not None
        draft = application.question.reply_draft
        known = {"text": draft, "seen": answers.mark_of(draft)}
        form = HearingForm(initial={"version": application.version, **known})
    if form.is_valid():
        try:
            services.answer_hearing(application.pk, **form.cleaned_data, **by_person(request))
        except answers.ReplySaved as refusal:
            return _with_draft(request, application, form, refusal)
        except Stale as refusal:
            return stale.again(request, application, "answer_hearing", form, refusal)
        messages.success(request, _("Your answer was sent to the reviewer."))
        return redirect(order_url(application))
    return show(request, application, "answer_hearing", form=form, **_asked(application))


def _asked(application: Application) -> dict[str, Any]:
    return {
        "question": application.question,
        "documents": list(answers.documents(application)),
        "may_change": bool(sections.editable(application, now=clock.now())),
    }


def _with_draft(
    request: HttpRequest, application: Application, form: HearingForm, refusal: answers.ReplySaved
) -> HttpResponse:
    """Show the text again, after the draft that was saved since the page was opened."""
    context = stale.kept(request, application, form, refusal, now_url=order_url(application))
    context["lately"] = latest_act(application)
    asked, written = _asked(application), form.cleaned_data
    draft = asked["question"].reply_draft if asked["question"] else ""
    text = answers.joined(draft, written["text"], written["seen"])
    form.retype(text=text, seen=answers.mark_of(draft))
    context |= asked | {"form": form, "status": refusal.status}
    return show(request, application, "answer_hearing", **context)


def is_all_that_is_asked(application: Application) -> bool:
    """Return whether the applicant is heard, and no part of the order is open for change."""
    question = application.question
    if question is None or not question.is_hearing:
        return False
    return not sections.editable(application, now=clock.now())
