"""How long the certificate is valid, and from when."""

from datetime import date, timedelta
from typing import Any, ClassVar, cast

from django import forms
from django.utils.translation import gettext as _, gettext_lazy

from applications.views.shared.forms import PartForm
from certportal.foundation.text.wording import filled
from certportal.foundation.web.forms import DateField
from issuance.certificate.profiles import LATEST_START_DAYS


class ValidityForm(PartForm):
    """Months of validity; begins at once or on a chosen day."""

    only_if: ClassVar = {"start": ("begins", "chosen")}

    validity_months = forms.IntegerField(
        label=gettext_lazy("How many months is the certificate valid?"),
        min_value=1,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "class": "short"}),
        error_messages={
            "required": gettext_lazy("Enter the number of months."),
            "invalid": gettext_lazy("Enter the number of months in digits."),
            "min_value": gettext_lazy("Enter at least 1 month."),
        },
    )
    begins = forms.ChoiceField(
        label=gettext_lazy("When does the validity begin?"),
        choices=[
            ("at_once", gettext_lazy("As soon as the certificate is issued")),
            ("chosen", gettext_lazy("On a day that I choose")),
        ],
        widget=forms.RadioSelect,
    )
    start = DateField(
        label=gettext_lazy("First day of validity"),
        help_text=filled(
            gettext_lazy("Only if you chose the day yourself. At most %(days)s days ahead."),
            days=LATEST_START_DAYS,
        ),
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Limit the months by the type of certificate."""
        super().__init__(*args, **kwargs)
        most = self.application.kind.most_months
        field = cast(forms.IntegerField, self.fields["validity_months"])
        field.help_text = _("At most %(months)d months.") % {"months": most}
        self.most = most

    def saved(self) -> dict[str, Any]:
        """Return the present values; the longest validity where nothing is chosen yet."""
        application = self.application
        return {
            "validity_months": application.validity_months or application.kind.most_months,
            "begins": "chosen" if application.start else "at_once",
            "start": application.start,
        }

    def clean(self) -> dict[str, Any]:
        """Check the limit of months and the chosen day."""
        cleaned = self.cleaned_data
        if (cleaned.get("validity_months") or 0) > self.most:
            self.add_error(
                "validity_months", _("Enter at most %(months)d months.") % {"months": self.most}
            )
        if cleaned.get("begins") == "chosen":
            self._check_start(cleaned.get("start"))
        return cleaned

    def _check_start(self, start: date | None) -> None:
        if "start" in self.errors:
            return
        if start is None:
            self.add_error("start", _("Enter the first day of validity."))
        elif start <= self.today:
            self.add_error("start", _("Choose a day after today."))
        elif start > self.today + timedelta(days=LATEST_START_DAYS):
            words = _("Choose a day at most %(days)s days ahead.")
            self.add_error("start", words % {"days": LATEST_START_DAYS})

    def values(self) -> dict[str, Any]:
        """Return months and, for a chosen day, that day."""
        cleaned = self.cleaned_data
        chosen = cleaned["start"] if cleaned["begins"] == "chosen" else None
        return {"validity_months": cleaned["validity_months"], "start": chosen}
