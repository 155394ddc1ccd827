"""The technical contact of an order, and the deputy."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _, gettext_lazy

from applications.rules import contact_links, intermediaries, sections
from applications.views.shared.forms import PartForm
from certportal.foundation.text.mail_addresses import mailbox
from certportal.foundation.web.forms import EmailField


class TechnicalContactForm(PartForm):
    """The technical contact and the deputy."""

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
        label=gettext_lazy("Organisation of the technical contact"), max_length=200, required=False
    )
    technical_language = forms.ChoiceField(
        label=gettext_lazy("Language in which we write to the technical contact"),
        choices=settings.LANGUAGES,
        widget=forms.RadioSelect,
        required=False,
    )

    deputy_name = forms.CharField(
        label=gettext_lazy("Name of the deputy"),
        help_text=gettext_lazy("The deputy gets a link of their own, for holidays and absences."),
        max_length=120,
        required=False,
    )
    deputy_email = EmailField(label=gettext_lazy("Email address of the deputy"), required=False)

    def saved(self) -> dict[str, Any]:
        """Return the present values; the order's language unless another is chosen."""
        language = self.application.technical_language or self.application.language
        return super().saved() | {"technical_language": language}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Fill in and lock the contact's organisation in an intermediary's order."""
        super().__init__(*args, **kwargs)
        self._mark(*(("technical_name", "technical_email") if self.needs_contact() else ()))
        if intermediaries.is_mediated(self.application):
            field = self.fields["technical_organisation"]
            field.disabled, field.initial = True, intermediaries.ORGANISATION
            field.help_text = _("The service writes this in an intermediary's orders.")
            self.initial["technical_organisation"] = intermediaries.ORGANISATION

    @property
    def is_for_delivery(self) -> bool:
        """Whether whoever is named gets the certificate and gives no request."""
        return contact_links.is_for_delivery(self.application)

    def clean(self) -> dict[str, Any]:
        """Require name and address of a needed technical contact; of a deputy, both or neither."""
        cleaned = self.cleaned_data
        if self.needs_contact():
            self._require(
                "technical",
                _("Enter the name of the technical contact."),
                _("Enter the technical contact's address."),
            )
        if cleaned.get("deputy_name") or cleaned.get("deputy_email"):
            self._require(
                "deputy", _("Enter the name of the deputy."), _("Enter the deputy's address.")
            )
            deputy, contact = cleaned.get("deputy_email", ""), cleaned.get("technical_email", "")
            if deputy and mailbox(deputy) == mailbox(contact):
                self.add_error("deputy_email", _("The deputy needs an address of their own."))
        return cleaned

    def _mark(self, *needed: str) -> None:
        """Never label needed fields and the language, which has a default, as optional."""
        for name in (*needed, "technical_language"):
            self.fields[name].never_optional = True  # type: ignore[attr-defined]

    def needs_contact(self) -> bool:
        return True

    def _require(self, prefix: str, name: str, address: str) -> None:
        for field, words in ((f"{prefix}_name", name), (f"{prefix}_email", address)):
            if field not in self.errors and not self.cleaned_data.get(field):
                self.add_error(field, words)


class OptionalTechnicalContactForm(TechnicalContactForm):
    """The technical contact, who is optional in some orders."""

    def needs_contact(self) -> bool:
        """Return whether a technical contact gets the certificate or brings the request."""
        return sections.needs_technical_contact(self.application)
