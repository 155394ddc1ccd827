"""To whom the certificate goes, and who the technical contact is."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications.forms.shared import PartForm
from applications.kinds import Delivery
from certportal.foundation.forms import EmailField


class DeliveryForm(PartForm):
    """The shared mailbox, the recipient and the technical contact."""

    mailbox = EmailField(
        label=gettext_lazy("Shared technical mailbox"),
        help_text=gettext_lazy(
            "A copy of the certificate and reminders come here. Give an address that several"
            " people read, so that messages arrive during holidays too."
        ),
    )
    deliver_to = forms.ChoiceField(
        label=gettext_lazy("Who gets the certificate?"),
        choices=Delivery.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose who gets the certificate.")},
    )
    technical_name = forms.CharField(
        label=gettext_lazy("Name of the technical contact"),
        help_text=gettext_lazy(
            "Needed if the technical contact gets the certificate or sends the certificate request."
        ),
        max_length=120,
        required=False,
    )
    technical_email = EmailField(
        label=gettext_lazy("Email address of the technical contact"), required=False
    )
    technical_organisation = forms.CharField(
        label=gettext_lazy("Organisation of the technical contact"),
        max_length=200,
        required=False,
    )
    technical_language = forms.ChoiceField(
        label=gettext_lazy("Language in which we write to the technical contact"),
        choices=settings.LANGUAGES,
        widget=forms.RadioSelect,
        required=False,
    )

    def saved(self) -> dict[str, Any]:
        """Return the present values; the order's language unless another is chosen."""
        language = self.application.technical_language or self.application.language
        return super().saved() | {"technical_language": language}

    def clean(self) -> dict[str, Any]:
        """A technical contact who gets the certificate needs a name and an address."""
        found = self.cleaned_data
        if self._needs_contact(found):
            if not found.get("technical_name"):
                self.add_error("technical_name", _("Enter the name of the technical contact."))
            if "technical_email" in found and not found["technical_email"]:
                self.add_error("technical_email", _("Enter the technical contact's address."))
        return found

    def _needs_contact(self, found: dict[str, Any]) -> bool:
        return Delivery.TECHNICAL_CONTACT in {found.get("deliver_to"), self.application.csr_by}
