"""The mailbox of an e-mail certificate, and the code that was mailed to it."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _, gettext_lazy

from applications.rules.certificate_names import LONGEST
from applications.views.shared.forms import PartForm, VersionForm
from certportal.foundation.web.forms import EmailField, counted
from certportal.foundation.web.tokens import DIGITS
from certportal.foundation.wording import filled
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
        """Return the code without spaces."""
        return "".join(self.cleaned_data["code"].split())
