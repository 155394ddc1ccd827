"""Who succeeds whom, and why."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.register import identifiers
from certportal.foundation.forms import Form


def read(text: str) -> str:
    """Return the business ID in its usual form. Raises ValidationError for one that is none."""
    code = identifiers.business_id(text)
    if code is None:
        raise ValidationError(_("Check the business ID: seven digits, a hyphen and a check digit."))
    return code


class PartiesForm(Form):
    """The business IDs of the former organisation and of its successor."""

    former = forms.CharField(
        label=_("Business ID of the organisation whose account is handed over"),
        max_length=20,
        widget=forms.TextInput(attrs={"class": "short", "autocomplete": "off"}),
        error_messages={"required": _("Enter a business ID.")},
    )
    successor = forms.CharField(
        label=_("Business ID of its successor"),
        max_length=20,
        widget=forms.TextInput(attrs={"class": "short", "autocomplete": "off"}),
        error_messages={"required": _("Enter a business ID.")},
    )

    def clean_former(self) -> str:
        """Its usual form."""
        return read(self.cleaned_data["former"])

    def clean_successor(self) -> str:
        """Its usual form; nobody succeeds themselves."""
        code = read(self.cleaned_data["successor"])
        if code == self.cleaned_data.get("former"):
            raise ValidationError(_("The organisation cannot succeed itself."))
        return code


class SuccessionForm(Form):
    """The same, confirmed with a reason that all concerned read."""

    former = forms.CharField(widget=forms.HiddenInput)
    successor = forms.CharField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("On what does the succession rest?"),
        help_text=_(
            "For example the law or the decision on the merger. Everybody concerned gets it by"
            " email."
        ),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Write on what the succession rests.")},
    )

    def clean_former(self) -> str:
        """Its usual form."""
        return read(self.cleaned_data["former"])

    def clean_successor(self) -> str:
        """Its usual form."""
        return read(self.cleaned_data["successor"])
