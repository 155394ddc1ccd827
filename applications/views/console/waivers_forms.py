"""What the list of waivers is narrowed to, and why one is withdrawn."""

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from applications.rules.waivers import SOON as SOON_TIME
from certportal.foundation.web.forms import Form, LongTextField, SearchField
from certportal.foundation.wording import filled

IN_FORCE, SOON, ENDED = "in_force", "soon", "ended"
STATES = [
    (IN_FORCE, pgettext_lazy("waivers", "In force")),
    (SOON, filled(_("Ending within %(days)d days"), days=SOON_TIME.days)),
    (ENDED, pgettext_lazy("waivers", "Ended")),
]


class WaiversForm(Form):
    """Which waivers, and of which organisation."""

    state = forms.ChoiceField(label=_("Which waivers"), choices=STATES, required=False)
    organisation = SearchField(label=_("Organisation"))
    never_optional = True


class WithdrawWaiverForm(Form):
    """Why a waiver is withdrawn before its end."""

    reason = LongTextField(
        label=_("Why the waiver is withdrawn"),
        missing=_("Write why the waiver is withdrawn."),
    )
