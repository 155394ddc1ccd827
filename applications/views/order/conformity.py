"""The part on the certificate of conformity: fields and the document on one page."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from applications import services
from applications.errors import Changed
from applications.models import Application, Attachment
from applications.rules import sections
from applications.views.order import next_step
from applications.views.order.forms.conformity import ConformityForm
from applications.views.shared import stale, summary
from applications.views.shared.entry import as_seen
from applications.views.shared.forms import VersionForm
from applications.views.shared.page import show
from certportal.foundation import clock
from certportal.foundation.errors import TooMany, Unavailable
from certportal.foundation.files.documents import NOT_SCANNED, Unfit

KIND = Attachment.Kind.CONFORMITY


def give(request: HttpRequest, application: Application) -> HttpResponse:
    """Ask for the document and its data; keep the typed data when the file is refused."""
    sections.require_editable(application, KIND, now=clock.now())
    today = clock.day(clock.now())
    form = ConformityForm(application, request.POST or None, request.FILES or None, today=today)
    if request.method == "POST" and form.is_valid():
        try:
            saved = _save(request, application, form)
        except Unfit as refusal:
            form.add_error("file", str(refusal))
        except Unavailable:
            form.add_error("file", NOT_SCANNED)
        except TooMany as refusal:
            form.add_error(None, str(refusal))
            return stale.too_many(_show(request, application, form), refusal)
        except Changed as refusal:
            return _changed(request, application, form, refusal)
        else:
            return redirect(next_step.after(request, saved, KIND))
    return _show(request, application, form)


def _save(request: HttpRequest, application: Application, form: ConformityForm) -> Application:
    arguments, upload = as_seen(request), form.cleaned_data["file"]
    if not upload:
        return services.save_section(application.pk, KIND, form.values(), **arguments)
    arguments |= {"data": upload.read(), "name": upload.name, "fields": form.values()}
    return services.add_attachment(application.pk, KIND, **arguments)


def _changed(
    request: HttpRequest, application: Application, form: ConformityForm, refusal: Changed
) -> HttpResponse:
    context = stale.kept(request, application, form, refusal)
    context["now_saved"] = summary.rows(application, KIND, now=clock.now())
    if request.FILES:
        form.add_error("file", _("Choose the file again: a page cannot keep it."))
    return _show(request, application, form, status=refusal.status, **context)


def _show(
    request: HttpRequest, application: Application, form: ConformityForm, **more: Any
) -> HttpResponse:
    removal = VersionForm(initial={"version": application.version}, auto_id=False)
    more |= {"form": form, "removal": removal, "title": sections.BY_ID[KIND].title}
    return show(request, application, "conformity", **more)
