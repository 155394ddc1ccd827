"""A reviewer's decisions about the registers."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from applications.models.register_task import RegisterTask
from certportal.foundation.web.forms import DateField, Form, LongTextField

REASONS = 2000
OFFERED = [
    RegisterTask.Outcome.REVOKE,
    RegisterTask.Outcome.REISSUE,
    RegisterTask.Outcome.NOTHING,
]


class DecisionForm(Form):
    """What is done about a change in the register, and why; the organisation reads the reasons."""

    outcome = forms.ChoiceField(
        label=_("What is done about the certificates?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what is done about the certificates.")},
    )
    reasons = LongTextField(
        label=_("Reasons for the decision"),
        help_text=_("The organisation gets the reasons by email."),
        max_length=REASONS,
        rows=5,
        missing=_("Write the reasons."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the three outcomes."""
        super().__init__(*args, **kwargs)
        self.fields["outcome"].choices = [(one.value, one.label) for one in OFFERED]  # type: ignore[attr-defined]


class AsOfForm(Form):
    """Two days: the one whose validity is asked, and the one whose knowledge counts."""

    on = DateField(label=_("In force on"))
    known = DateField(label=_("As it was known at the end of"))

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        """Begin with today."""
        super().__init__(*args, initial={"on": today, "known": today}, **kwargs)


class AcceptForm(Form):
    """Why an import that stopped may end as many units as it would."""

    reason = LongTextField(
        label=_("Why is it right that these units end?"),
        max_length=REASONS,
        missing=_("Write why it is right."),
    )
