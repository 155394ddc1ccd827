"""A reviewer's decisions about the registers."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from applications.models.register_task import RegisterTask
from certportal.foundation.web.forms import DateField, Form, KeyField, LongTextField

REASONS = 2000
OFFERED = [RegisterTask.Outcome.REVOKE, RegisterTask.Outcome.REISSUE, RegisterTask.Outcome.NOTHING]


class DecisionForm(Form):
    """The decision on a change in the register, and its reasons, which the organisation reads.

    `touched`: how many certificates the page showed.
    """

    outcome = forms.ChoiceField(
        label=_("What is done about the certificates?"),
        choices=[(outcome.value, outcome.label) for outcome in OFFERED],
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
    touched = KeyField()


class AsOfForm(Form):
    """Two days: `on`, on which the record is valid, and `known`, as of which the mirror is read."""

    on = DateField(label=_("In force on"))
    known = DateField(label=_("As it was known at the end of the day"))

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        """Fill in today for both."""
        super().__init__(*args, initial={"on": today, "known": today}, **kwargs)


class AcceptForm(Form):
    """Why a held import may end that many units."""

    reason = LongTextField(
        label=_("Why is it right that these units end?"),
        max_length=REASONS,
        missing=_("Write why it is right."),
    )
