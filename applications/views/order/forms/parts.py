"""The parts of an order that are plain questions; syntax only."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.utils.translation import pgettext_lazy as pgettext

from applications.models import Csr
from applications.models.certificate_types import CertificateType, Delivery, Purpose
from applications.rules import proposed_names, systems
from applications.rules.certificate_names import LONGEST
from applications.views.order.forms.hosts import host_names
from applications.views.shared.comparison import names_in
from applications.views.shared.forms import PartForm
from certportal.foundation.web.forms import (
    EmailField,
    Form,
    HintedRadioSelect,
    LinesField,
    Words,
    counted,
)
from certportal.foundation.wording import filled
from issuance.certificate.names import foreign_characters, is_oid

TYPE_HINTS: dict[str, Words] = {kind: kind.hint for kind in CertificateType}
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

    heading_field: str | None = "host_names"
    host_names = LinesField(
        label=gettext_lazy("Which host names belong in the certificate?"),
        help_text=gettext_lazy(
            "One complete name on each line, for example erecept.example.fi. The first one is"
            " the main name."
        ),
        error_messages={"required": gettext_lazy("Enter at least one host name.")},
    )
    left = forms.BooleanField(
        label=gettext_lazy("The technical contact proposes the host names"),
        help_text=gettext_lazy(
            "Leave the list above empty. The technical contact proposes the names with the"
            " certificate request (CSR), and the order is handled once you have confirmed them."
        ),
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer to leave the names open until the order has been sent."""
        super().__init__(*args, **kwargs)
        self.leaves = self.application.submission_id is None
        self.fields["host_names"].never_optional = True  # type: ignore[attr-defined]
        self.fields["host_names"].required = not self.leaves
        if not self.leaves:
            del self.fields["left"]

    def saved(self) -> dict[str, Any]:
        """Return the stored names in order, or that they are left open."""
        names = self.application.names
        return {
            "host_names": names,
            "left": not names and self.application.names_by == Delivery.TECHNICAL_CONTACT,
        }

    def clean_host_names(self) -> list[str]:
        """Return the names in lower case, without a closing dot; each fault names its value."""
        read = host_names(self.cleaned_data["host_names"])
        self.said = read.said
        return read.names

    def clean(self) -> dict[str, Any]:
        """Take either names, or that they are left open."""
        given = self.cleaned_data
        if given.get("left") and given.get("host_names"):
            self.add_error("left", _("Leave the list of host names empty, or untick this."))
        elif not given.get("left") and not given.get("host_names", True):
            self.add_error("host_names", self.fields["host_names"].error_messages["required"])
        elif given.get("left") and self.application.csr_id is not None:
            self.said = [_("The technical contact gives a certificate request in place of yours.")]
        return given

    def values(self) -> dict[str, Any]:
        """Return the names and, in an order that was not sent yet, who proposes them."""
        given = super().values()
        if self.leaves:
            given["names_by"] = Delivery.TECHNICAL_CONTACT if given.pop("left") else ""
        return given


class ProposedNamesForm(HostNamesForm):
    """The names that the technical contact proposes.

    The list begins with those in the request; of one whose names were sent back, with what was
    proposed with it (`is_again`), since a long list is to be corrected and not given anew.
    """

    heading_field = None

    def __init__(self, *args: Any, stored: Csr, **kwargs: Any) -> None:
        """`stored` is the request that the names go with."""
        self.stored = stored
        self.is_again = False
        super().__init__(*args, **kwargs)

    def saved(self) -> dict[str, Any]:
        """Return what the list begins with."""
        sent_back = proposed_names.sent_back(self.application)
        names = self.application.names if sent_back else []
        self.is_again = bool(names and sent_back and self.stored.uploaded_at < sent_back.at)
        return {"host_names": names if self.is_again else names_in(self.stored)}


class SystemForm(PartForm):
    """The information system that signs."""

    system_name = counted(
        forms.CharField(
            label=gettext_lazy("Name of the information system"),
            max_length=LONGEST,
            help_text=filled(
                gettext_lazy(
                    "The name is written in the certificate. At most %(limit)s characters."
                ),
                limit=LONGEST,
            ),
            error_messages={
                "required": gettext_lazy("Enter the name of the information system."),
                "max_length": gettext_lazy(
                    "Shorten the name to at most %(limit_value)s characters."
                ),
            },
        ),
        most=LONGEST,
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
    system_oid_reason = counted(
        forms.CharField(
            label=gettext_lazy("Why the system's OID is not under your own OID root"),
            max_length=300,
            required=False,
            help_text=gettext_lazy(
                "For example whose system it is and by which agreement you use it. A reviewer"
                " decides whether the OID can be accepted."
            ),
            widget=forms.Textarea(attrs={"rows": 3}),
        ),
        most=300,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Ask for the reason only where the OID is outside the own root."""
        super().__init__(*args, **kwargs)
        given = self.data.get("system_oid") if self.is_bound else self.initial["system_oid"]
        if self._is_own("".join(str(given or "").split())):
            del self.fields["system_oid_reason"]

    def saved(self) -> dict[str, Any]:
        """Begin the OID with the organisation's own root, which the register tells."""
        given = super().saved()
        return given | {"system_oid": given["system_oid"] or self._root()}

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

    def clean(self) -> dict[str, Any]:
        """Take an OID outside the own root only with a reason."""
        given = super().clean() or {}
        oid, reason = given.get("system_oid"), given.get("system_oid_reason", "")
        if oid and not reason and not self._is_own(oid):
            self.add_error(
                "system_oid",
                _(
                    "“%(value)s” is not under your organisation's own OID root. Enter an OID that"
                    " begins with %(root)s."
                )
                % {"value": oid, "root": self._root()},
            )
            self.add_error(
                "system_oid_reason",
                _("If the system must have this OID, write why. A reviewer decides."),
            )
        return given

    def values(self) -> dict[str, Any]:
        """Forget the reason of an earlier OID where none is asked for."""
        return {"system_oid_reason": ""} | super().values()

    def _is_own(self, oid: str) -> bool:
        return not is_oid(oid) or systems.is_under(oid, self._root())

    def _root(self) -> str:
        return systems.root(self.application, on=self.today)


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
