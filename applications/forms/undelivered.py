"""What to do with a mail that did not go."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from certportal.foundation.forms import EmailField, Form

AGAIN, CORRECT, GIVE_UP = "again", "correct", "give_up"
CHOICES = [
    (AGAIN, _("Try again as it is")),
    (CORRECT, _("Correct the address and send again")),
    (GIVE_UP, _("Give up")),
]


class UndeliveredForm(Form):
    """One choice, and the address or the reason it asks for."""

    act = forms.ChoiceField(
        label=_("What do you do?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what you do.")},
    )
    address = EmailField(label=_("Right email address"), required=False)
    reason = forms.CharField(
        label=_("Why it is given up"),
        max_length=500,
        required=False,
        help_text=_("For example: told by telephone on 5.3.2027."),
    )

    def __init__(self, *args: Any, correctable: bool, **kwargs: Any) -> None:
        """Offer to correct the address only where it is the order's own."""
        super().__init__(*args, **kwargs)
        choice = self.fields["act"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [one for one in CHOICES if correctable or one[0] != CORRECT]
        if not correctable:
            del self.fields["address"]
        for field in self.fields.values():
            field.never_optional = True  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Ask for what the choice needs."""
        found = self.cleaned_data
        act = found.get("act")
        if act == CORRECT and not found.get("address") and "address" not in self.errors:
            self.add_error("address", _("Enter the right email address."))
        if act == GIVE_UP and not found.get("reason"):
            self.add_error("reason", _("Write why it is given up."))
        return found
