"""The recipient of an order's certificate, and the shared mailbox."""

from django import forms
from django.utils.translation import gettext_lazy

from applications.rules.fields import RECIPIENTS
from applications.views.shared.forms import PartForm
from certportal.foundation.web.forms import EmailField


class DeliveryForm(PartForm):
    """The shared mailbox and the recipient."""

    mailbox = EmailField(
        label=gettext_lazy("Shared technical mailbox"),
        help_text=gettext_lazy(
            "A copy of the certificate and reminders come here. Give an address that several"
            " people read, so that messages arrive during holidays too."
        ),
    )
    deliver_to = forms.ChoiceField(
        label=gettext_lazy("Who gets the certificate?"),
        choices=list(RECIPIENTS.items()),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose who gets the certificate.")},
    )
