"""Forms of the public pages."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import BusinessIdField
from certportal.foundation.web.forms import LONGEST_TEXT, EmailField, Form, HintedRadioSelect


class BusinessIdForm(Form):
    """A business ID in any usual spelling."""

    business_id = BusinessIdField(label=_("Business ID"), help_text=_("For example 0245437-2"))


class FeedbackForm(Form):
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
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": _("Write your feedback.")},
    )
    email = EmailField(
        label=_("Your email address"), help_text=_("Only if you wish an answer."), required=False
    )
