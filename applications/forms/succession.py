"""Who succeeds whom, and why."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.forms import BusinessIdField
from certportal.foundation.forms import Form


class PartiesForm(Form):
    """The business IDs of the former organisation and of its successor."""

    former = BusinessIdField(
        label=_("Business ID of the organisation whose account is handed over")
    )
    successor = BusinessIdField(label=_("Business ID of its successor"))

    def clean_successor(self) -> str:
        """Nobody succeeds themselves."""
        code: str = self.cleaned_data["successor"]
        if code == self.cleaned_data.get("former"):
            raise ValidationError(_("The organisation cannot succeed itself."))
        return code


class SuccessionForm(Form):
    """The same, confirmed with a reason that all concerned read."""

    former = BusinessIdField(widget=forms.HiddenInput)
    successor = BusinessIdField(widget=forms.HiddenInput)
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
