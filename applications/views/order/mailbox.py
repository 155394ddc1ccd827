"""The part on the mailbox of an e-mail certificate: the address, then the code mailed to it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from applications import contents, services
from applications.errors import NotPossible
from applications.forms.mailbox import CodeForm, MailboxForm
from applications.kinds import CertificateType
from applications.mailbox import is_waiting
from applications.models import Application
from applications.services.mailboxes import WrongMailboxCode
from applications.views import going
from applications.views.entry import acting, seen_version
from applications.views.summary import part_url
from certportal.foundation import clock

PART = "mailbox_proof"


def give(request: HttpRequest, application: Application) -> HttpResponse:
    """Ask for the address, mail a code to it, and take the code."""
    if PART not in contents.editable(application, now=clock.now()):
        raise NotPossible
    if "code" in request.POST:
        return _prove(request, application)
    form = MailboxForm(application, request.POST or None, today=clock.day(clock.now()))
    if request.method == "POST" and form.is_valid():
        address = form.cleaned_data["certified_email"]
        services.ask_mailbox_code(
            application.pk, address, version=seen_version(request), **acting(request)
        )
        return redirect(part_url(application, PART))
    return _show(request, application, form=form)


def _prove(request: HttpRequest, application: Application) -> HttpResponse:
    form = CodeForm(request.POST, auto_id="proof_%s")
    if form.is_valid():
        try:
            saved = services.prove_mailbox(
                application.pk,
                form.cleaned_data["code"],
                version=seen_version(request),
                **acting(request),
            )
        except WrongMailboxCode as refusal:
            form.add_error("code", str(refusal))
            application.refresh_from_db()
        else:
            return redirect(going.after(request, saved, PART))
    return _show(request, application, form=form)


def _show(
    request: HttpRequest, application: Application, *, form: MailboxForm | CodeForm
) -> HttpResponse:
    """Show the form at hand; the address first, then the code with the address below."""
    now = clock.now()
    waiting = is_waiting(application, now)
    version = {"version": application.version}
    code = form if isinstance(form, CodeForm) else CodeForm(initial=version, auto_id="proof_%s")
    address: Any = form
    if not isinstance(form, MailboxForm):
        address = MailboxForm(application, today=clock.day(now))
    context = {
        "application": application,
        "form": form,
        "code_form": code if waiting else None,
        "address_form": address,
        "title": contents.BY_ID[PART].title,
        "is_test": CertificateType(application.type).is_test,
        "back": going.back_url(request, application),
    }
    return render(request, "applications/mailbox.html", context)
