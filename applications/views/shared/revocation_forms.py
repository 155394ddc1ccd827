"""Forms for revoking a certificate: the reason, and a confirmation."""

from collections.abc import Container
from datetime import date, datetime
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _, gettext_lazy

from applications.models.revocation import CHOICES, EXPOSED, WORDS as WORDED
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
    only_if: ClassVar = {"exposed_on": ("reason", EXPOSED)}

    reason = forms.ChoiceField(
        label=gettext_lazy("Why are you revoking the certificate?"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose why the certificate is revoked.")},
    )
    exposed_on = DateField(
        label=gettext_lazy("When might the key have been exposed?"),
        help_text=gettext_lazy("Only if the key has been exposed and you know the day."),
        required=False,
    )
    words = LongTextField(
        label=gettext_lazy("What has happened, in your own words?"),
        help_text=gettext_lazy("Do not write anything secret here, such as the key itself."),
        max_length=WORDS,
        required=False,
        rows=5,
    )
    understood = _understood(
        gettext_lazy(
            "I understand that the certificate can no longer be used and that the revocation"
            " cannot be undone."
        )
    )

    def __init__(self, *args: Any, today: date, reasons: Container[str], **kwargs: Any) -> None:
        """Offer these reasons; of a revoked certificate only an exposed key can be reported."""
        super().__init__(*args, **kwargs)
        self.today = today
        self.offer("reason", (choice for choice in CHOICES.items() if choice[0] in reasons))

    def clean_exposed_on(self) -> date | None:
        day: date | None = self.cleaned_data["exposed_on"]
        if day is not None and day > self.today:
            raise ValidationError(_("Enter today or an earlier day."))
        return day


class ReviewerForm(Form):
    """A reviewer's reason and grounds; other reasons than an exposed key need a second person."""

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
        """Offer these reasons; of a revoked certificate only an exposed key can be reported."""
        super().__init__(*args, **kwargs)
        hints = {EXPOSED: _("At once, by you alone.")}
        hints |= dict.fromkeys(PROPOSABLE, _("A second reviewer must confirm."))
        self.fields["reason"].widget = HintedRadioSelect(hints=hints)
        self.offer("reason", ((reason, WORDED[reason]) for reason in hints if reason in reasons))

    @property
    def is_exposed(self) -> bool:
        """Whether the reason is an exposed key, for which one person is enough."""
        return bool(self.cleaned_data["reason"] == EXPOSED)


class ReportForm(ReviewerForm):
    """A reviewer's form for a report from outside: by whom, how verified, and when received."""

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
        label=gettext_lazy("How are they related to the organisation?"),
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
        """Fill in `now` as the time of the report; a later time is refused."""
        super().__init__(*args, **kwargs)
        self.now, local = now, now.astimezone(clock.HELSINKI)
        self.fields["received_on"].initial = local.date()
        self.fields["received_at"].initial = local.time()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "received_on" in cleaned and "received_at" in cleaned and self.received > self.now:
            self.add_error("received_at", _("Enter a time that has passed."))
        return cleaned

    @property
    def report(self) -> RevocationReport:
        """The report, to be recorded."""
        names = ("channel", "role", "caller", "verified", "callback")
        given = {name: self.cleaned_data[name] for name in names}
        return RevocationReport(received_at=self.received, **given)

    @property
    def received(self) -> datetime:
        cleaned = self.cleaned_data
        return datetime.combine(cleaned["received_on"], cleaned["received_at"], clock.HELSINKI)


class ConfirmForm(Form):
    """A second reviewer's confirmation of the proposal that the page showed."""

    proposal = KeyField()
    understood = _understood(
        gettext_lazy("The revocation is published at once. It cannot be undone.")
    )


class DeclineForm(Form):
    proposal = KeyField()
    words = LongTextField(
        label=gettext_lazy("Why is the certificate not revoked?"),
        help_text=gettext_lazy("Whoever proposed the revocation gets this by email."),
        max_length=WORDS,
        missing=gettext_lazy("Write why the certificate is not revoked."),
    )


class WithdrawForm(Form):
    """The proposal that its maker withdraws."""

    proposal = KeyField()
