"""The contact person of an order."""

from django import forms
from django.utils.translation import gettext_lazy

from applications.views.shared.forms import PartForm
from certportal.foundation.web.forms import EmailField


class ContactForm(PartForm):
    contact_name = forms.CharField(
        label=gettext_lazy("Name of the contact person"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": gettext_lazy("Enter the name of the contact person.")},
    )
    contact_email = EmailField(
        label=gettext_lazy("Email address of the contact person"),
        help_text=gettext_lazy("We write to this address about the order."),
    )
    contact_phone = forms.CharField(
        label=gettext_lazy("Telephone number"),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "class": "short"}),
    )
