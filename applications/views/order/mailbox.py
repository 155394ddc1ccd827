"""The part on the mailbox of an e-mail certificate: the address, then the code mailed to it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from applications import services
from applications.models import Application
from applications.rules import sections
from applications.rules.mailbox_code import is_waiting
from applications.services.applicant.mailbox import WrongMailboxCode
from applications.views.order import next_step
from applications.views.order.forms.mailbox import CodeForm, MailboxForm
from applications.views.shared.entry import as_seen
from applications.views.shared.page import show
from applications.views.shared.summary import part_url
from certportal.foundation import clock
from certportal.foundation.errors import TooMany
from certportal.foundation.web import limits

PART = "mailbox_proof"


def give(request: HttpRequest, application: Application) -> HttpResponse:
    """Ask for the address, mail a code to it, and take the code."""
    sections.require_editable(application, PART, now=clock.now())
    if "code" in request.POST:
        return _prove(request, application)
    form = MailboxForm(application, request.POST or None, today=clock.day(clock.now()))
    if request.method == "POST" and form.is_valid():
        address = form.cleaned_data["certified_email"]
        try:
            services.ask_mailbox_code(application.pk, address, **as_seen(request))
        except TooMany as refusal:
            form.refuse(refusal)
            return limits.too_many(_show(request, application, form=form), refusal)
        return redirect(part_url(application, PART))
    return _show(request, application, form=form)


def _prove(request: HttpRequest, application: Application) -> HttpResponse:
    form = CodeForm(request.POST, auto_id="proof_%s")
    if form.is_valid():
        try:
            code = form.cleaned_data["code"]
            saved = services.prove_mailbox(application.pk, code, **as_seen(request))
        except WrongMailboxCode as refusal:
            form.add_error("code", str(refusal))
            application.refresh_from_db()
        else:
            return redirect(next_step.after(request, saved, PART))
    return _show(request, application, form=form)


def _show(
    request: HttpRequest, application: Application, *, form: MailboxForm | CodeForm
) -> HttpResponse:
    """Show the form for the address or, while a code is valid, for the code and the address."""
    now = clock.now()
    waiting = is_waiting(application, now)
    version = {"version": application.version}
    code = form if isinstance(form, CodeForm) else CodeForm(initial=version, auto_id="proof_%s")
    address: Any = form
    if not isinstance(form, MailboxForm):
        address = MailboxForm(application, today=clock.day(now))
    return show(
        request,
        application,
        "mailbox",
        form=form,
        code_form=code if waiting else None,
        address_form=address,
        title=sections.BY_ID[PART].title,
    )
