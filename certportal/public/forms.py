"""Forms of the public pages."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import BusinessIdField
from certportal.foundation.forms import EmailField, Form, HintedRadioSelect


class BusinessIdForm(Form):
    """One business ID, in any of the ways people write it."""

    business_id = BusinessIdField(label=_("Business ID"), help_text=_("For example 0245437-2"))


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
