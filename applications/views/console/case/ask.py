"""Request information from the applicant, or hear them: write, preview, send."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _, gettext_lazy

from accounts import access
from accounts.page_reading import read_once
from applications import services
from applications.mail import orders as mail_orders
from applications.models import Application, InformationRequest, ReadyReason
from applications.rules import hearing_documents
from applications.views.console.case import answer, reasons
from applications.views.console.case.form_page import button, form_page
from applications.views.console.case.forms import AskForm, DeadlineForm
from applications.views.console.case.hearing_forms import HearForm
from applications.views.console.case.identity import identity, kept_from
from applications.views.console.case.reading import read
from applications.views.console.entry import back_to, case_view, kept
from applications.views.shared.entry import as_seen, by_person
from applications.workflow import Action
from certportal.foundation import clock
from certportal.foundation.errors import NotAllowed, Refused, Stale, TooMany, Unavailable
from certportal.foundation.files.documents import Unfit
from certportal.foundation.files.form_errors import NOT_SCANNED
from certportal.foundation.web import limits


@dataclass(frozen=True, slots=True)
class Kind:
    """A request for information or a hearing: its action, form, and use of ready-made reasons."""

    action: Action
    form: type[AskForm]
    use: ReadyReason.Use


ASKING = Kind(Action.REQUEST_INFO, AskForm, ReadyReason.Use.ASKING)
HEARING = Kind(Action.HEAR, HearForm, ReadyReason.Use.REJECTING)


@case_view
def ask(request: HttpRequest, application: Application) -> HttpResponse:
    """Write the request; `preview` shows it, `send` sends it."""
    return _ask(request, application, ASKING, _("The request was sent to the applicant."))


@case_view
def hear(request: HttpRequest, application: Application) -> HttpResponse:
    """Write the hearing before a rejection; `preview` shows it, `send` sends it."""
    message = _(
        "The applicant is being heard. The order can be rejected after the answer or the deadline."
    )
    return _ask(request, application, HEARING, message)


def _ask(request: HttpRequest, application: Application, kind: Kind, message: str) -> HttpResponse:
    try:
        form, fault = _form(request, application, kind)
    except (Stale, NotAllowed) as refusal:
        form = _made(application, kind)(request.POST)
        return _refused(request, application, kind, form, refusal)
    context = _context(request, application, kind.action)
    context |= {"form": form, "templates": reasons.offered(kind.use), "hears": kind is HEARING}
    if fault is not None:
        page = render(request, "applications/console/ask.html", context, status=fault.status)
        return limits.too_many(page, fault) if isinstance(fault, TooMany) else page
    if request.method != "POST" or "edit" in request.POST or not form.is_valid():
        return render(request, "applications/console/ask.html", context)
    if "send" not in request.POST:
        if context["kept_from"]:
            return render(request, "applications/console/ask.html", context)
        context |= _preview(application, form.cleaned_data, kind)
        return render(request, "applications/console/ask_preview.html", context)
    try:
        arguments = form.cleaned_data | {"is_hearing": kind is HEARING}
        services.request_info(application.pk, **arguments, **by_person(request))
    except (Stale, NotAllowed) as refusal:
        return _refused(request, application, kind, form, refusal)
    return back_to(application, request, message)


def _refused(
    request: HttpRequest,
    application: Application,
    kind: Kind,
    form: AskForm,
    refusal: Stale | NotAllowed,
) -> HttpResponse:
    context = {"form": form, "templates": reasons.offered(kind.use), "hears": kind is HEARING}
    context |= kept(request, application, form, refusal)
    context |= _context(request, application, kind.action)
    return render(request, "applications/console/ask.html", context, status=refusal.status)


def _deadline(application: Application) -> dict[str, Any]:
    question = application.question
    return {"after": question.deadline if question else None, "today": clock.day(clock.now())}


extend = form_page(
    "extend",
    Action.EXTEND_DEADLINE,
    services.extend_deadline,
    DeadlineForm,
    gettext_lazy("The applicant was told the new deadline."),
    _deadline,
)
cancel_request = button(
    services.cancel_request, gettext_lazy("The request was taken back and the applicant told.")
)


def _form(
    request: HttpRequest, application: Application, kind: Kind
) -> tuple[AskForm, Refused | None]:
    """Return the form, and why an uploaded file was refused, which the form tells too.

    The button of a ready-made reason adds it to the typed text. An uploaded file is attached first.
    Raises what else `attach_to_hearing` raises for the reviewer.
    """
    make = _made(application, kind)
    if request.method != "POST":
        return make(initial={"version": application.version}), None
    typed, fault = _attached(request, application, kind)
    form = make(typed)
    if fault is not None:
        form.add_error("file", str(fault))
    elif not {"template", "attach"}.isdisjoint(request.POST):
        ready = reasons.offered(kind.use)
        form = make(initial=reasons.added(form, "reason", ready, application.language))
    return form, fault


def _made(application: Application, kind: Kind) -> Callable[..., AskForm]:
    return partial(kind.form, application=application, today=clock.day(clock.now()))


def _attached(
    request: HttpRequest, application: Application, kind: Kind
) -> tuple[QueryDict, Refused | None]:
    """Attach the file to the hearing; return the form data with it, or why it was refused."""
    typed, form = request.POST.copy(), _made(application, kind)(request.POST, request.FILES)
    upload = request.FILES.get("file")
    if upload is None or kind is not HEARING:
        return typed, None
    if "file" in form.errors:
        return typed, Unfit(form.errors["file"][0])
    try:
        arguments = as_seen(request) | {"data": upload.read(), "name": upload.name or ""}
        person = access.person_of(request)
        document = services.attach_to_hearing(application.pk, person=person, **arguments)
    except (Unfit, hearing_documents.Enough, TooMany) as refusal:
        return typed, refusal
    except Unavailable:
        return typed, Unfit(NOT_SCANNED)
    chosen = dict.fromkeys([*typed.getlist("documents"), str(document.pk)])
    typed.setlist("documents", list(chosen))
    typed["version"] = str(document.application.version)
    return typed, None


def _preview(application: Application, values: dict[str, Any], kind: Kind) -> dict[str, str]:
    """Return the mail as the applicant will read it, and the code of its language."""
    request = InformationRequest(
        reason=values["reason"],
        deadline=values["deadline"],
        fields=values["sections"],
        wanted=values.get("wanted", ""),
        material=values.get("material", ""),
        is_hearing=kind is HEARING,
    )
    chosen = hearing_documents.unsent(application).filter(pk__in=values.get("documents", ()))
    mail, language = mail_orders.question(application, request, list(chosen), now=clock.now())
    return {"mail": mail, "mail_language": language}


@read_once
def _context(request: HttpRequest, application: Application, action: Action) -> dict[str, Any]:
    person, now = access.person_of(request), clock.now()
    read(application, person, now=now)
    obstacles = kept_from(action, application, person, now=now)
    context = {"kept_from": obstacles, "answer": answer.of_case(application)}
    return identity(application, person, now=now) | context
