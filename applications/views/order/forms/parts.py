"""Forms for the simple parts of an order; they validate syntax only."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _, gettext_lazy, pgettext_lazy as pgettext

from applications.models import Csr
from applications.models.certificate_types import CertificateType, Delivery, Purpose
from applications.rules import proposed_names, systems
from applications.rules.certificate_names import LONGEST
from applications.views.order.forms.hosts import host_names
from applications.views.shared.comparison import names_in
from applications.views.shared.forms import PartForm
from certportal.foundation.text.wording import filled
from certportal.foundation.web.forms import (
    Form,
    HintedRadioSelect,
    LinesField,
    Words,
    counted,
)
from issuance.certificate.names import foreign_characters, is_oid, is_tidy

NO_OID = gettext_lazy(
    "“%(value)s” is not an OID of at most %(limit_value)s characters. Enter numbers separated by"
    " dots."
)
TYPE_HINTS: dict[str, Words] = {kind: kind.hint for kind in CertificateType}
TEST_FLAG = pgettext("test certificate", "TEST")
TEST_FLAGS: dict[str, Words] = {kind: TEST_FLAG for kind in CertificateType if kind.is_test}


def type_field() -> forms.ChoiceField:
    """Return the field for the type of certificate, with test types marked."""
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
        help_text=gettext_lazy(
            "If your server contacts the Kanta services, it needs client authentication. If the"
            " Kanta services contact your server, it needs server authentication. If you do not"
            " know, ask your technical contact or the supplier of your system. You can change the"
            " choice until you send the order."
        ),
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
        """Return the stored names in order, or that they are left to the technical contact."""
        names = self.application.names
        return {
            "host_names": names,
            "left": not names and self.application.names_by == Delivery.TECHNICAL_CONTACT,
        }

    def clean_host_names(self) -> list[str]:
        """Return the names in lower case, without a closing dot; each fault names its value."""
        parsed = host_names(self.cleaned_data["host_names"])
        self.said = parsed.said
        return parsed.names

    def clean(self) -> dict[str, Any]:
        """Require either names, or that they are left open."""
        cleaned = self.cleaned_data
        if cleaned.get("left") and cleaned.get("host_names"):
            self.add_error("left", _("Leave the list of host names empty, or untick this."))
        elif not cleaned.get("left") and not cleaned.get("host_names", True):
            self.add_error("host_names", self.fields["host_names"].error_messages["required"])
        elif cleaned.get("left") and self.application.csr_id is not None:
            self.said = [_("The technical contact gives a certificate request in place of yours.")]
        return cleaned

    def values(self) -> dict[str, Any]:
        """Return the names and, in a draft, who proposes them."""
        values = super().values()
        if self.leaves:
            values["names_by"] = Delivery.TECHNICAL_CONTACT if values.pop("left") else ""
        return values


class ProposedNamesForm(HostNamesForm):
    """The host names that the technical contact proposes.

    The form starts with the names in the request; if they were sent back, with the names proposed
    earlier (`is_again`), so that a long list need not be entered again.
    """

    heading_field = None

    def __init__(self, *args: Any, stored: Csr, **kwargs: Any) -> None:
        """`stored` is the certificate request sent with the names."""
        self.stored = stored
        self.is_again = False
        super().__init__(*args, **kwargs)

    def saved(self) -> dict[str, Any]:
        """Return the initial names."""
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
    system_oid = counted(
        forms.CharField(
            label=gettext_lazy("OID of the information system"),
            max_length=LONGEST,
            help_text=gettext_lazy(
                "Numbers separated by dots: the OID root of your organisation, then 12 and a number"
                " that you give the system, for example 1.2.246.10.12345678.12.1."
            ),
            widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
            error_messages={
                "required": gettext_lazy("Enter the OID of the information system."),
                "max_length": NO_OID,
            },
        ),
        most=LONGEST,
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
        """Ask for the reason only if the OID is outside the organisation's root."""
        super().__init__(*args, **kwargs)
        oid = self.data.get("system_oid") if self.is_bound else self.initial["system_oid"]
        if self._is_own("".join(str(oid or "").split())):
            del self.fields["system_oid_reason"]
        else:
            self.fields["system_oid_reason"].never_optional = True  # type: ignore[attr-defined]

    def saved(self) -> dict[str, Any]:
        """Return the present values; the default of the OID is the organisation's root."""
        values = super().saved()
        return values | {"system_oid": values["system_oid"] or self._root()}

    def clean_system_name(self) -> str:
        """Refuse characters and a beginning that a certificate cannot carry."""
        name: str = " ".join(self.cleaned_data["system_name"].split())
        if foreign := foreign_characters(name):
            words = _("Write the name without these characters: %(characters)s")
            raise ValidationError(words % {"characters": " ".join(foreign)})
        if not is_tidy(name):
            words = _("Begin the name with a letter or a digit, without extra spaces.")
            raise ValidationError(words)
        return name

    def clean_system_oid(self) -> str:
        """Return the OID without spaces; refuse anything but numbers and dots."""
        oid: str = "".join(self.cleaned_data["system_oid"].split())
        if not is_oid(oid):
            raise ValidationError(NO_OID, params={"value": oid, "limit_value": LONGEST})
        return oid

    def clean(self) -> dict[str, Any]:
        """Accept an OID outside the organisation's root only with a reason."""
        cleaned = super().clean() or {}
        oid, reason = cleaned.get("system_oid"), cleaned.get("system_oid_reason", "")
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
        return cleaned

    def values(self) -> dict[str, Any]:
        """Return the values to save; empty the reason if the form does not ask for it."""
        return {"system_oid_reason": ""} | super().values()

    def _is_own(self, oid: str) -> bool:
        return not is_oid(oid) or systems.is_under(oid, self._root())

    def _root(self) -> str:
        return systems.root(self.application, on=self.today)
