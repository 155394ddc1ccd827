"""Why a certificate is revoked, and that its consequences are understood."""

from collections.abc import Container
from datetime import date
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications.models.revocation import CHOICES, EXPOSED
from applications.models.revocation import WORDS as WORDED
from applications.models.revocation_proposal import PROPOSABLE
from certportal.foundation.web.forms import (
    DateField,
    Form,
    HintedRadioSelect,
    KeyField,
    LongTextField,
    Words,
)

WORDS = 2000


def _understood(label: Words) -> forms.BooleanField:
    needed = gettext_lazy("Confirm that you understand what revoking means.")
    return forms.BooleanField(label=label, error_messages={"required": needed})


class RevocationForm(Form):
    """The applicant's reason, own words and confirmation."""

    reason = forms.ChoiceField(
        label=gettext_lazy("Why are you revoking the certificate?"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose why the certificate is revoked.")},
    )
    exposed_on = DateField(
        label=gettext_lazy("When might the key have been compromised?"),
        help_text=gettext_lazy("Only if the key has been exposed and you know the day."),
        required=False,
    )
    words = LongTextField(
        label=gettext_lazy("What has happened, in your own words?"),
        help_text=gettext_lazy("Do not write anything secret here, such as the key itself."),
        max_length=WORDS,
        required=False,
        rows=5,
        error_messages={
            "max_length": gettext_lazy("Shorten the text to at most %(limit_value)s characters."),
        },
    )
    understood = _understood(
        gettext_lazy(
            "I understand that the certificate can no longer be used and that the revocation"
            " cannot be undone."
        )
    )

    def __init__(self, *args: Any, today: date, reasons: Container[str], **kwargs: Any) -> None:
        """Offer these reasons: after another one, only an exposed key is left to tell of."""
        super().__init__(*args, **kwargs)
        self.today = today
        field = cast(forms.ChoiceField, self.fields["reason"])
        field.choices = [one for one in CHOICES.items() if one[0] in reasons]

    def clean_exposed_on(self) -> date | None:
        """Nothing can have been exposed on a day to come."""
        day: date | None = self.cleaned_data["exposed_on"]
        if day is not None and day > self.today:
            raise ValidationError(_("Enter today or an earlier day."))
        return day


class ReviewerForm(Form):
    """A reviewer's reason and grounds: at once for an exposed key, else for a second person."""

    reason = forms.ChoiceField(
        label=gettext_lazy("Why are you revoking the certificate?"),
        error_messages={"required": gettext_lazy("Choose why the certificate is revoked.")},
    )
    words = LongTextField(
        label=gettext_lazy("On what grounds?"),
        help_text=gettext_lazy("The organisation can read this on its account."),
        max_length=WORDS,
        rows=6,
        missing=gettext_lazy("Write the grounds for the revocation."),
    )
    understood = _understood(
        gettext_lazy("A revoked certificate can no longer be used. This cannot be undone.")
    )

    def __init__(self, *args: Any, reasons: Container[str], **kwargs: Any) -> None:
        """Offer these reasons: after another one, only an exposed key is left to tell of."""
        super().__init__(*args, **kwargs)
        field = cast(forms.ChoiceField, self.fields["reason"])
        hints = {EXPOSED: _("At once, by you alone.")}
        hints |= dict.fromkeys(PROPOSABLE, _("A second reviewer must confirm."))
        field.widget = HintedRadioSelect(hints=hints)
        field.choices = [(one, WORDED[one]) for one in hints if one in reasons]

    @property
    def is_exposed(self) -> bool:
        """Whether the key is said to be exposed, so that one person is enough."""
        return bool(self.cleaned_data["reason"] == EXPOSED)


class ConfirmForm(Form):
    """A second reviewer's confirmation of the very proposal that was shown."""

    proposal = KeyField()
    understood = _understood(
        gettext_lazy("The revocation is published at once. It cannot be undone.")
    )


class DeclineForm(Form):
    """Why a second reviewer does not agree."""

    proposal = KeyField()
    words = LongTextField(
        label=gettext_lazy("Why is the certificate not revoked?"),
        help_text=gettext_lazy("Whoever proposed the revocation gets this by email."),
        max_length=WORDS,
        missing=gettext_lazy("Write why the certificate is not revoked."),
    )


class WithdrawForm(Form):
    """Which proposal its maker takes back."""

    proposal = KeyField()
