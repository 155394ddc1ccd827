"""What a reviewer decides about somebody who asks to be made administrator of an account."""

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from certportal.foundation.forms import Form

GRANT, REFUSE = "grant", "refuse"


class AdministratorDecisionForm(Form):
    """The decision and its reasons."""

    decision = forms.ChoiceField(
        label=_("Decision"),
        choices=[
            (GRANT, _("Make the person an administrator")),
            (REFUSE, pgettext_lazy("administrator", "Refuse")),
        ],
        widget=forms.RadioSelect,
    )
    reasons = forms.CharField(
        label=_("Reasons of the decision"),
        help_text=_("The person and the present administrators get them by email."),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
