"""Forms of the public pages."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.register import identifiers
from certportal.foundation.forms import EmailField, Form, HintedRadioSelect


class BusinessIdForm(Form):
    """One business ID, in any of the ways people write it."""

    business_id = forms.CharField(
        label=_("Business ID"),
        help_text=_("For example 0245437-2"),
        max_length=20,
        widget=forms.TextInput(attrs={"class": "short", "autocomplete": "off"}),
        error_messages={"required": _("Enter a business ID.")},
    )

    def clean_business_id(self) -> str:
        """The usual form with hyphen; refuses one whose check digit is wrong."""
        code = identifiers.business_id(self.cleaned_data["business_id"])
        if code is None:
            raise ValidationError(
                _("Check the business ID: seven digits, a hyphen and a check digit.")
            )
        return code


class FeedbackForm(Form):
    """What somebody wants to tell about the service."""

    about = forms.ChoiceField(
        label=_("What is it about?"),
        choices=[
            ("accessibility", _("Accessibility")),
            ("fault", _("Something does not work")),
            ("idea", _("An idea or other feedback")),
        ],
        widget=HintedRadioSelect,
        error_messages={"required": _("Choose what the feedback is about.")},
    )
    text = forms.CharField(
        label=_("Your feedback"),
        help_text=_("If it is about one page, say which one."),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={
            "required": _("Write your feedback."),
            "max_length": _("Write at most 4,000 characters."),
        },
    )
    email = EmailField(
        label=_("Your email address"),
        help_text=_("Only if you wish an answer."),
        required=False,
    )
