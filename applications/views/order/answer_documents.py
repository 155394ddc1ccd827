"""Attach documents to a draft or to the answer to a reviewer's question."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import access
from applications import services
from applications.errors import NotPossible
from applications.models import Application
from applications.rules import answers
from applications.views.order.forms.conformity import DocumentForm
from applications.views.shared.entry import order_view
from applications.views.shared.forms import VersionForm
from applications.views.shared.page import check_url, order_url, show
from applications.views.shared.summary import Part, Row
from applications.workflow import Role, Status
from certportal.foundation.errors import TooMany
from certportal.foundation.files.form_errors import refusals_shown
from certportal.foundation.web import limits


@order_view
def give(request: HttpRequest, application: Application) -> HttpResponse:
    """Show the documents that are sent along; attach another PDF."""
    if not answers.may_attach(application):
        raise NotPossible(status=application.status_words_for(Role.APPLICANT))
    initial = {"version": application.version}
    form = DocumentForm(request.POST or None, request.FILES or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            with refusals_shown(form, "file", answers.Enough):
                _attach(request, application, form)
        except TooMany as refusal:
            form.refuse(refusal)
            return limits.too_many(_show(request, application, form), refusal)
        if form.is_valid():
            return redirect("applications:answer_documents", application.pk)
    return _show(request, application, form)


def _attach(request: HttpRequest, application: Application, form: DocumentForm) -> None:
    """Attach the file also if the order has changed since the page was opened. The page that
    follows lists it. Raises what the service raises.
    """
    upload = form.cleaned_data["file"]
    given = access.acting(request) | {"data": upload.read(), "name": upload.name}
    services.attach_to_answer(application.pk, **given)


def _show(
    request: HttpRequest, application: Application, form: DocumentForm, **more: Any
) -> HttpResponse:
    more |= {
        "form": form,
        "removal": VersionForm(initial={"version": application.version}, auto_id=False),
        "documents": answers.documents(application),
        "check_url": check_url(application),
        "order_url": order_url(application),
        "wanted": application.question.wanted if application.question else "",
    }
    return show(request, application, "answer_documents", **more)


def part(application: Application) -> list[Part]:
    """Return the documents as a part of the answer, or of a draft that has any; else []."""
    if not answers.may_attach(application):
        return []
    names = [document.name for document in answers.documents(application)]
    if not names and application.status == Status.DRAFT:
        return []
    title, url = _("Documents"), reverse("applications:answer_documents", args=[application.pk])
    row = Row(title, value="" if names else _("No documents"), values=names)
    return [Part("answer_documents", title, [row], complete=True, url=url, optional=True)]
