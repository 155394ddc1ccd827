"""Why a certificate is revoked, and that its consequences are understood."""

from collections.abc import Container
from datetime import date, datetime
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications.models.revocation import CHOICES, EXPOSED
from applications.models.revocation import WORDS as WORDED
from applications.models.revocation_proposal import PROPOSABLE
from applications.models.revocation_report import RevocationReport
from certportal.foundation import clock
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


class ReportForm(ReviewerForm):
    """The same at the report of somebody outside: who, how verified, and when it came."""

    field_order = (
        *("channel", "role", "caller", "verified", "callback"),
        *("received_on", "received_at"),
    )

    channel = forms.TypedChoiceField(
        label=gettext_lazy("How did the report come?"),
        choices=RevocationReport.Channel.choices,
        coerce=RevocationReport.Channel,
        widget=forms.RadioSelect,
    )
    role = forms.TypedChoiceField(
        label=gettext_lazy("Who is that to the organisation?"),
        help_text=gettext_lazy("The organisation reads this, but not who it was."),
        choices=RevocationReport.Role.choices,
        coerce=RevocationReport.Role,
        widget=forms.RadioSelect,
    )
    caller = LongTextField(
        label=gettext_lazy("Who asks for the revocation?"),
        help_text=gettext_lazy("Name, organisation, and where the person can be reached."),
        rows=2,
        missing=gettext_lazy("Write who asks for the revocation."),
    )
    verified = LongTextField(
        label=gettext_lazy("How did you make sure who asks?"),
        rows=2,
        missing=gettext_lazy("Write how you made sure who asks."),
    )
    callback = LongTextField(
        label=gettext_lazy("What came of calling back?"), rows=2, required=False
    )
    received_on = DateField(label=gettext_lazy("On which day did the report come?"))
    received_at = forms.TimeField(
        label=gettext_lazy("At what time?"),
        help_text=gettext_lazy("For example 9.15."),
        input_formats=["%H.%M", "%H:%M"],
        widget=forms.TimeInput(format="%-H.%M", attrs={"class": "short", "autocomplete": "off"}),
        error_messages={
            "required": gettext_lazy("Enter the time."),
            "invalid": gettext_lazy("Enter the time in the form 9.15."),
        },
    )

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        """Begin with the present moment, after which nothing can have come."""
        super().__init__(*args, **kwargs)
        self.now, here = now, now.astimezone(clock.HELSINKI)
        self.fields["received_on"].initial = here.date()
        self.fields["received_at"].initial = here.time()

    def clean(self) -> dict[str, Any]:
        """Nothing can have come at a time to come."""
        given = super().clean() or {}
        if "received_on" in given and "received_at" in given and self.received > self.now:
            self.add_error("received_at", _("Enter a time that has passed."))
        return given

    @property
    def received(self) -> datetime:
        """When the report came."""
        given = self.cleaned_data
        return datetime.combine(given["received_on"], given["received_at"], clock.HELSINKI)


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
