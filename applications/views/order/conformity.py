"""The part on the certificate of conformity: fields and the document on one page."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from applications import contents, services
from applications.errors import Changed, NotPossible
from applications.forms.conformity import ConformityForm
from applications.forms.shared import VersionForm
from applications.models import Application, Attachment
from applications.views import going, stale, summary
from applications.views.entry import acting, seen_version
from applications.workflow import Status
from certportal.foundation import clock
from certportal.foundation.documents import NOT_SCANNED, Unfit
from certportal.foundation.errors import Unavailable

KIND = Attachment.Kind.CONFORMITY


def give(request: HttpRequest, application: Application) -> HttpResponse:
    """Ask for the document and what it says; keep what was typed when the file is refused."""
    if KIND not in contents.editable(application, now=clock.now()):
        raise NotPossible
    today = clock.day(clock.now())
    form = ConformityForm(application, request.POST or None, request.FILES or None, today=today)
    if request.method == "POST" and form.is_valid():
        try:
            saved = _save(request, application, form)
        except Unfit as refusal:
            form.add_error("file", str(refusal))
        except Unavailable:
            form.add_error("file", NOT_SCANNED)
        except Changed as refusal:
            return _changed(request, application, form, refusal)
        else:
            return redirect(going.after(request, saved, KIND))
    return _show(request, application, form)


def _save(request: HttpRequest, application: Application, form: ConformityForm) -> Application:
    given: dict[str, Any] = {"version": seen_version(request), **acting(request)}
    upload = form.cleaned_data["file"]
    if not upload:
        return services.save_section(application.pk, KIND, form.values(), **given)
    return services.add_attachment(
        application.pk,
        KIND,
        data=upload.read(),
        name=upload.name,
        fields=form.values(),
        **given,
    )


def _changed(
    request: HttpRequest, application: Application, form: ConformityForm, refusal: Changed
) -> HttpResponse:
    context = stale.kept(request, application, form, refusal)
    context["now_saved"] = summary.rows(application, KIND, now=clock.now())
    if request.FILES:
        form.add_error("file", _("Choose the file again: a page cannot keep it."))
    return _show(request, application, form, status=refusal.status, **context)


def _show(
    request: HttpRequest,
    application: Application,
    form: ConformityForm,
    *,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    context = {
        "application": application,
        "form": form,
        "removal": VersionForm(initial={"version": application.version}, auto_id=False),
        "title": contents.BY_ID[KIND].title,
        "is_test": False,
        "is_draft": application.status == Status.DRAFT,
        "back": going.back_url(request, application),
        **more,
    }
    return render(request, "applications/conformity.html", context, status=status)
