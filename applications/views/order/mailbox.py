"""The part on the mailbox of an e-mail certificate: the address, then the code mailed to it."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _, gettext_lazy

from applications import services
from applications.models import Application
from applications.rules import sections
from applications.rules.certificate_names import LONGEST
from applications.rules.mailbox_code import is_waiting
from applications.services.applicant.mailbox import WrongMailboxCode
from applications.views.order import next_step
from applications.views.shared.entry import as_seen
from applications.views.shared.forms import PartForm, VersionForm
from applications.views.shared.page import show
from applications.views.shared.summary import part_url
from certportal.foundation import clock
from certportal.foundation.errors import TooMany
from certportal.foundation.text.wording import filled
from certportal.foundation.web import limits
from certportal.foundation.web.forms import EmailField, counted
from certportal.foundation.web.tokens import DIGITS
from issuance.certificate.hosts import mail_host_problem
from issuance.certificate.names import is_email
from issuance.findings import found
from issuance.wording import word


class MailboxForm(PartForm):
    certified_email = counted(
        EmailField(
            label=gettext_lazy("Address of the shared mailbox"),
            help_text=filled(
                gettext_lazy(
                    "The address is written in the certificate. We send a code to it. At most"
                    " %(limit)s characters, without å, ä and ö."
                ),
                limit=LONGEST,
            ),
        ),
        most=LONGEST,
    )

    def clean_certified_email(self) -> str:
        """Return the address in lower case; refuse an address that a certificate cannot carry."""
        address: str = self.cleaned_data["certified_email"].lower()
        host = address.rpartition("@")[2]
        if host.isascii() and (problem := mail_host_problem(host)):
            raise ValidationError(word(found("san.host", value=host, problem=problem)).text)
        if not is_email(address):
            words = _("Enter an address of at most %(limit)s characters without å, ä and ö.")
            raise ValidationError(words, params={"limit": LONGEST})
        return address


class CodeForm(VersionForm):
    code = forms.CharField(
        label=gettext_lazy("Code from the email"),
        help_text=filled(gettext_lazy("%(digits)s digits."), digits=DIGITS),
        max_length=20,
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "class": "short"}
        ),
        error_messages={"required": gettext_lazy("Enter the code.")},
    )

    def clean_code(self) -> str:
        return "".join(self.cleaned_data["code"].split())


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
