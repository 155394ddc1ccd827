"""The mailbox of an e-mail certificate, and the code that was mailed to it."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications.forms.shared import PartForm, VersionForm
from certportal.foundation.forms import EmailField, counted
from issuance.names import is_email


class MailboxForm(PartForm):
    """Which mailbox the certificate is for."""

    certified_email = counted(
        EmailField(
            label=gettext_lazy("Address of the shared mailbox"),
            help_text=gettext_lazy(
                "The address is written in the certificate. We send a code to it. At most 64"
                " characters, without å, ä and ö."
            ),
        ),
        most=64,
    )

    def clean_certified_email(self) -> str:
        """Return the address in lower case; refuse what a certificate cannot carry."""
        address: str = self.cleaned_data["certified_email"].lower()
        if not is_email(address):
            raise ValidationError(
                _("Enter an address of at most 64 characters without å, ä and ö.")
            )
        return address


class CodeForm(VersionForm):
    """The code from the mail."""

    code = forms.CharField(
        label=gettext_lazy("Code from the email"),
        help_text=gettext_lazy("Eight digits."),
        max_length=20,
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "class": "short"}
        ),
        error_messages={"required": gettext_lazy("Enter the code.")},
    )

    def clean_code(self) -> str:
        """Ignore spaces."""
        return "".join(self.cleaned_data["code"].split())
