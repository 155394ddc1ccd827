"""The parts of an order that are plain questions; syntax only."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.utils.translation import pgettext_lazy as pgettext

from applications.forms.hosts import host_names
from applications.forms.shared import PartForm
from applications.kinds import CertificateType, Purpose
from certportal.foundation.forms import (
    EmailField,
    Form,
    HintedRadioSelect,
    LinesField,
    Words,
    counted,
)
from issuance.names import foreign_characters, is_oid

TYPE_HINTS: dict[str, Words] = {
    CertificateType.SERVER: gettext_lazy(
        "Secures the connections of your server, for example to the Kanta services."
    ),
    CertificateType.TEST_SERVER: gettext_lazy(
        "For trying out connections. Production systems do not trust it."
    ),
    CertificateType.SYSTEM_SIGNATURE: gettext_lazy(
        "Your information system signs documents with it."
    ),
    CertificateType.TEST_SYSTEM_SIGNATURE: gettext_lazy(
        "For trying out signatures. Production systems do not trust it."
    ),
    CertificateType.EMAIL: gettext_lazy(
        "Signs and encrypts the mail of a mailbox that your organisation shares."
    ),
}
TEST_FLAG = pgettext("test certificate", "TEST")
TEST_FLAGS: dict[str, Words] = {kind: TEST_FLAG for kind in CertificateType if kind.is_test}


def type_field() -> forms.ChoiceField:
    """Return the choice between the certificates, tests marked."""
    return forms.ChoiceField(
        label=gettext_lazy("Which certificate do you order?"),
        choices=CertificateType.choices,
        widget=HintedRadioSelect(hints=TYPE_HINTS, flags=TEST_FLAGS),
        error_messages={"required": gettext_lazy("Choose which certificate you order.")},
    )


class NewOrderForm(Form):
    """The first question of a new order."""

    heading_field = "type"
    type = type_field()


class TypeForm(PartForm):
    """The type again, while the order is a draft."""

    heading_field = "type"
    type = type_field()


class PurposeForm(PartForm):
    """What the server does with the certificate."""

    heading_field = "purpose"
    purpose = forms.ChoiceField(
        label=gettext_lazy("What is the server certificate used for?"),
        choices=Purpose.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose what the certificate is used for.")},
    )


class HostNamesForm(PartForm):
    """The names under which the server is reached."""

    heading_field = "host_names"
    host_names = LinesField(
        label=gettext_lazy("Which host names belong in the certificate?"),
        help_text=gettext_lazy(
            "One complete name on each line, for example erecept.example.fi. The first one is"
            " the main name."
        ),
        error_messages={"required": gettext_lazy("Enter at least one host name.")},
    )

    def saved(self) -> dict[str, Any]:
        """Return the stored names in order."""
        return {"host_names": [host.name for host in self.application.host_names.all()]}

    def clean_host_names(self) -> list[str]:
        """Return the names in lower case, without a closing dot; each fault names its value."""
        return host_names(self.cleaned_data["host_names"])


class SystemForm(PartForm):
    """The information system that signs."""

    system_name = counted(
        forms.CharField(
            label=gettext_lazy("Name of the information system"),
            max_length=64,
            help_text=gettext_lazy(
                "The name is written in the certificate. At most 64 characters."
            ),
            error_messages={
                "required": gettext_lazy("Enter the name of the information system."),
                "max_length": gettext_lazy("Shorten the name to at most 64 characters."),
            },
        ),
        most=64,
    )
    system_oid = forms.CharField(
        label=gettext_lazy("OID of the information system"),
        max_length=64,
        help_text=gettext_lazy(
            "Numbers separated by dots: the OID root of your organisation, then 12 and a number"
            " that you give the system, for example 1.2.246.10.12345678.12.1."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": gettext_lazy("Enter the OID of the information system.")},
    )

    def clean_system_name(self) -> str:
        """Name the characters that a certificate cannot carry."""
        name: str = " ".join(self.cleaned_data["system_name"].split())
        if foreign := foreign_characters(name):
            raise ValidationError(
                _("Write the name without these characters: %(characters)s")
                % {"characters": " ".join(foreign)}
            )
        return name

    def clean_system_oid(self) -> str:
        """Ignore stray spaces; otherwise numbers and dots."""
        oid: str = "".join(self.cleaned_data["system_oid"].split())
        if not is_oid(oid):
            raise ValidationError(
                _("“%(value)s” is not an OID. Enter numbers separated by dots.") % {"value": oid}
            )
        return oid


class ContactForm(PartForm):
    """Whom we ask about the order."""

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
