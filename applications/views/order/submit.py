"""Check the order, declare and send it; and the page that confirms the sending."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import get_language, gettext as _
from django.views.decorators.http import require_safe

from accounts import access
from accounts.identification.freshness import identified_at
from applications import services
from applications.access import orders_seen
from applications.errors import Changed, Gone, Incomplete, NotStanding, UnfitCsr
from applications.models import Application
from applications.rules import answers, declarations, renewal, sections
from applications.rules.certificate_names import unwritten
from applications.rules.proposed_names import is_confirmation
from applications.rules.systems import ForeignOid
from applications.rules.unit_ownership import OtherOwner
from applications.services.applicant import contact_links, submission
from applications.services.applicant.identified import IDENTIFICATION_LASTS, IdentifyAgain, is_fresh
from applications.views.order import (
    after_sending,
    answer_documents,
    answer_hearing,
    csr,
    next_step,
    unit,
)
from applications.views.order.forms.declarations import AdditionForm, DeclarationsForm
from applications.views.shared import stale, summary, tracking
from applications.views.shared.entry import by_person, order_view, seen_version
from applications.views.shared.page import order_url, show
from applications.views.shared.proposed_names import proposed_names
from applications.workflow import Status
from certportal.foundation import clock
from certportal.foundation.errors import TooMany
from certportal.foundation.text import invisible
from certportal.foundation.web import limits
from certportal.foundation.web.forms import PRIVATE_KEY, shown_again

# The identification must stay valid for this long, so that it does not expire on the page.
MARGIN = IDENTIFICATION_LASTS / 12
OPEN = {Status.DRAFT, Status.NAMES_PROPOSED, Status.INFO_REQUESTED}


@order_view
def check(request: HttpRequest, application: Application) -> HttpResponse:
    """Show everything on one page before it is sent; a double click sends once."""
    if application.status not in OPEN:
        return _over(request, application)
    if request.method != "POST" and answer_hearing.is_all_that_is_asked(application):
        return redirect("applications:answer_hearing", application.pk)
    form = _form(application, request.POST or None)
    if request.method != "POST":
        return _show(request, application, form)
    if "keep" not in request.POST and form.is_valid():
        return _send(request, application, form)
    if form.has_reply:
        person = access.person_of(request)
        services.keep_reply(application.pk, text=form.reply, seen=form.seen, person=person)
        if application.question is not None:
            draft = application.question.reply_draft
            form.retype(reply=draft, seen=answers.mark_of(draft))
    if "keep" in request.POST and form.has_reply:
        words = _(
            "Your reply has been saved, but it has not been sent yet. When you are ready, press"
            " “Send the answer”."
        )
        messages.success(request, words)
        return redirect("applications:check", application.pk)
    return _show(request, application, form)


def _over(request: HttpRequest, application: Application) -> HttpResponse:
    """Redirect to the confirmation; show a reply that was not sent, so that it is not lost."""
    shown = shown_again(request.POST)
    reply = invisible.as_taken(shown.get("reply", "")).strip()
    if shown != request.POST:
        messages.error(request, str(PRIVATE_KEY))
    if invisible.is_blank(reply) or application.additions.filter(text=reply).exists():
        return redirect("applications:sent", application.pk)
    application.refresh_from_db()
    form = AdditionForm(initial={"version": application.version, "text": reply})
    return stale.again(request, application, "add_information", form, Changed())


def _form(application: Application, data: QueryDict | None = None) -> DeclarationsForm:
    """Return the form, with the saved draft of a reply as initial text."""
    question = application.question
    draft = question.reply_draft if question is not None else ""
    return DeclarationsForm(
        data,
        asked=declarations.asked(application),
        replies=question is not None,
        initial={"version": application.version, "reply": draft, "seen": answers.mark_of(draft)},
    )


def _send(request: HttpRequest, application: Application, form: DeclarationsForm) -> HttpResponse:
    arguments: dict[str, Any] = {
        "declarations": form.declared(),
        "language": get_language() or "fi",
        "identified_at": identified_at(request),
        "edition": form.cleaned_data["edition"],
        "version": seen_version(request),
        **by_person(request),
    }
    try:
        if application.status == Status.DRAFT:
            services.submit(application.pk, **arguments)
        elif application.status == Status.NAMES_PROPOSED:
            services.confirm_names(application.pk, **arguments)
        else:
            services.resubmit(application.pk, reply=form.reply, seen=form.seen, **arguments)
    except Gone:
        raise
    except (Changed, Incomplete, ForeignOid) as refusal:
        application.refresh_from_db()
        if application.status not in OPEN:
            return _over(request, application)
        fresh = _form(application)  # what was written is kept as the draft
        return _show(request, application, fresh, status=refusal.status, refusal=refusal)
    except TooMany as refusal:
        fresh = _form(application)
        return limits.too_many(_show(request, application, fresh, refusal=refusal), refusal)
    except UnfitCsr as refusal:
        message = _("The order was not sent, and nothing in it was lost.")
        return csr.refused(request, csr.page_of(request, application), refusal, said=message)
    except IdentifyAgain:
        return _show(request, application, form, status=403)
    except (NotStanding, OtherOwner) as refusal:
        return unit.none_standing(request, application, refusal.reason)
    return redirect("applications:sent", application.pk)


def _show(
    request: HttpRequest,
    application: Application,
    form: DeclarationsForm,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    now, is_answer = clock.now(), application.status != Status.DRAFT
    today, sender = clock.day(now), access.person_of(request)
    unsent = [] if is_answer or "refusal" in more else [application]
    actor = access.actor_of(request)
    parts = summary.parts(application, now=now) + answer_documents.part(application)
    context = {
        "form": form,
        "question": application.question,
        "confirms": application.status == Status.NAMES_PROPOSED,
        "proposed": proposed_names(application, now=now),
        "parts": [part for part in parts if part.url or not is_answer],
        "rest": [part for part in parts if is_answer and not part.url],
        "missing": [
            (section.title, summary.part_url(application, section.id))
            for section in sections.missing(application, on=today)
        ],
        "obstacles": [
            obstacle
            for obstacle in submission.obstacles(application, now=now)
            if not isinstance(obstacle, Incomplete)
        ]
        + list(contact_links.obstacles(unsent, actor=actor, now=now)),
        "unwritten": unwritten(application, now),
        "under_way": renewal.under_way(
            application, orders_seen(sender, application.organisation_id), earlier=True
        ),
        "must_identify": not is_fresh(identified_at(request), now=now + MARGIN),
        "names_url": next_step.names_url(application),
        "published": declarations.published_titles(),
        "follows": [] if is_answer else after_sending.sentences(application, sender, today=today),
        **more,
    }
    return show(request, application, "check", status=status, **context)


@order_view
@require_safe
def sent(request: HttpRequest, application: Application) -> HttpResponse:
    """Confirm that the order was sent; the page may be bookmarked, and leads on when it ended."""
    if application.submitted_at is None or application.ended_at is not None:
        return redirect(order_url(application))
    now = clock.now()
    promise = tracking.promise_words(application, now=now)
    context: dict[str, Any] = {
        "stages": tracking.stages(application),
        "turn": tracking.turn_words(application, now=now),
        "promise": promise,
        "right": after_sending.about_right(
            application, access.person_of(request), today=clock.day(now)
        ),
        "is_answer": application.submissions.count() > 1,
        "is_confirmation": is_confirmation(application),
    }
    return show(request, application, "sent", back="", **context)
