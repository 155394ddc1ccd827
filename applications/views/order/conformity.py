"""The part on the certificate of conformity: fields and the document on one page."""

import hashlib
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts import access
from applications import services
from applications.errors import Changed
from applications.models import Application, Attachment
from applications.rules import sections
from applications.views.order import next_step
from applications.views.order.forms.conformity import ConformityForm
from applications.views.shared import stale, summary
from applications.views.shared.forms import VersionForm
from applications.views.shared.latest_act import latest_act
from applications.views.shared.page import show
from certportal.foundation import clock
from certportal.foundation.errors import TooMany
from certportal.foundation.files.form_errors import refusals_shown
from certportal.foundation.web import limits

KIND = Attachment.Kind.CONFORMITY


def give(request: HttpRequest, application: Application) -> HttpResponse:
    """Ask for the document and its data; a fit file is attached even if other input is refused."""
    sections.require_editable(application, KIND, now=clock.now())
    if request.method != "POST":
        return _show(request, application, _form(application))
    try:
        form = _with_file(request, application)
        if not form.is_valid():
            return _show(request, application, form)
        seen = {"version": form.cleaned_data["version"]} | access.acting(request)
        saved = services.save_section(application.pk, KIND, form.values(), **seen)
    except TooMany as refusal:
        form = _form(application, request.POST)
        form.refuse(refusal)
        return limits.too_many(_show(request, application, form), refusal)
    except Changed as refusal:
        form = _form(application, request.POST)
        context = stale.kept(request, application, form, refusal)
        context["lately"] = latest_act(application)
        context["now_saved"] = summary.rows(application, KIND, now=clock.now())
        return _show(request, application, form, status=refusal.status, **context)
    return redirect(next_step.after(request, saved, KIND))


def _form(application: Application, *given: Any) -> ConformityForm:
    return ConformityForm(application, *given, today=clock.day(clock.now()))


def _with_file(request: HttpRequest, application: Application) -> ConformityForm:
    """Attach the chosen file, if it is fit, and return the form as it is then.

    The file takes the place of the document that the page showed, also if the rest of the order has
    changed since, which saving the fields refuses. Raises TooMany and Changed.
    """
    typed = request.POST.copy()
    form = _form(application, typed, request.FILES)
    upload = None if "file" in form.errors else form.cleaned_data["file"]
    if not upload:
        return form
    data = upload.read()
    if form.attached and form.attached.sha256 == hashlib.sha256(data).hexdigest():
        return _form(application, typed)  # attached already, as after a double click
    if request.POST.get("attached", "") != (str(form.attached.pk) if form.attached else ""):
        form.add_error(
            "file",
            _("Another document has been attached meanwhile. Choose the file again to replace it."),
        )
        return form
    given: dict[str, Any] = {"data": data, "name": upload.name} | access.acting(request)
    version = application.version
    with refusals_shown(form, "file"):
        saved = services.add_attachment(application.pk, KIND, version=version, **given)
        if typed.get("version") == str(version):
            typed["version"] = str(saved.version)
        form = _form(saved, typed)
    return form


def _show(
    request: HttpRequest, application: Application, form: ConformityForm, **more: Any
) -> HttpResponse:
    removal = VersionForm(initial={"version": form.application.version}, auto_id=False)
    more |= {"form": form, "removal": removal, "title": sections.BY_ID[KIND].title}
    return show(request, application, "conformity", **more)
