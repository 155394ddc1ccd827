"""Why a certificate is revoked, and that its consequences are understood."""

from datetime import date
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications.revocations import CHOICES, EXPOSED
from certportal.foundation.forms import DateField, Form

WORDS = 2000


class RevocationForm(Form):
    """The applicant's reason, own words and confirmation."""

    reason = forms.ChoiceField(
        label=gettext_lazy("Why is the certificate revoked?"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose why the certificate is revoked.")},
    )
    exposed_on = DateField(
        label=gettext_lazy("Since which day may others have known the key?"),
        help_text=gettext_lazy("Only if the key has been exposed and you know the day."),
        required=False,
    )
    words = forms.CharField(
        label=gettext_lazy("What has happened, in your own words?"),
        help_text=gettext_lazy("Do not write anything secret here, such as the key itself."),
        max_length=WORDS,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={
            "max_length": gettext_lazy("Shorten the text to at most 2,000 characters."),
        },
    )
    understood = forms.BooleanField(
        label=gettext_lazy(
            "I understand that the certificate stops working at once and that the revocation"
            " cannot be undone."
        ),
        error_messages={
            "required": gettext_lazy("Confirm that you understand what revoking means."),
        },
    )

    def __init__(self, *args: Any, today: date, only_exposed: bool = False, **kwargs: Any) -> None:
        """After another reason only an exposed key is left to tell of."""
        super().__init__(*args, **kwargs)
        self.today = today
        offered = [(reason, words) for reason, words in CHOICES.items()]
        field = cast(forms.ChoiceField, self.fields["reason"])
        field.choices = [one for one in offered if one[0] == EXPOSED] if only_exposed else offered

    def clean_exposed_on(self) -> date | None:
        """Nothing can have been exposed on a day to come."""
        day: date | None = self.cleaned_data["exposed_on"]
        if day is not None and day > self.today:
            raise ValidationError(_("Enter today or an earlier day."))
        return day


class ExposureForm(Form):
    """A reviewer's grounds for revoking a certificate whose key is exposed."""

    words = forms.CharField(
        label=gettext_lazy("How is it known that the key is exposed?"),
        help_text=gettext_lazy("The organisation can read this on its account."),
        max_length=WORDS,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={
            "required": gettext_lazy("Write how it is known that the key is exposed."),
        },
    )
    understood = forms.BooleanField(
        label=gettext_lazy("The certificate stops working at once. This cannot be undone."),
        error_messages={
            "required": gettext_lazy("Confirm that you understand what revoking means."),
        },
    )
