"""The form of the public check of certificate requests."""

from django import forms
from django.utils.translation import gettext_lazy

from applications.models.certificate_types import CertificateType
from applications.rules.certificate_names import LONGEST
from applications.views.order.forms.csr import RequestForm, pasted_text, request_file
from certportal.foundation.web.forms import LinesField, Words, counted
from certportal.public.forms import FileOrTextForm
from issuance.csr import ExpectedNames

TYPES = [
    (kind.value, kind.label) for kind in (CertificateType.SERVER, CertificateType.SYSTEM_SIGNATURE)
]


def _name(label: Words, help_text: Words) -> forms.CharField:
    words = {"max_length": gettext_lazy("Shorten the name to at most %(limit_value)s characters.")}
    field = forms.CharField(
        label=label, help_text=help_text, max_length=LONGEST, required=False, error_messages=words
    )
    return counted(field, most=LONGEST)


class DoctorForm(RequestForm, FileOrTextForm):
    """A CSR as file or text, its purpose, and names for commands that make a correct CSR."""

    nothing = gettext_lazy("Choose a file or paste the certificate request.")

    type = forms.ChoiceField(
        label=gettext_lazy("What certificate is the request for?"),
        choices=TYPES,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose what certificate the request is for.")},
    )
    file = request_file()
    text = pasted_text(gettext_lazy("Or paste the certificate request as text"))
    organisation = _name(
        gettext_lazy("Name of the organisation"),
        gettext_lazy("We write it into the commands for making a valid request."),
    )
    host_names = LinesField(
        label=gettext_lazy("Host names of the server"),
        help_text=gettext_lazy("One on each line. For a server certificate."),
        max_length=8000,
        required=False,
    )
    system_name = _name(
        gettext_lazy("Name of the information system"),
        gettext_lazy("For a system signature certificate."),
    )

    @property
    def for_server(self) -> bool:
        """Whether the request is for a server certificate."""
        return CertificateType(self.cleaned_data["type"]).has_host_names

    def names(self) -> ExpectedNames | None:
        """Return the names given, or None if they are not complete enough for commands."""
        given = self.cleaned_data
        hosts = tuple(given["host_names"]) if self.for_server else ()
        system = None if self.for_server else given["system_name"] or None
        if not given["organisation"] or not (hosts or system):
            return None
        return ExpectedNames(
            given["organisation"], dns_names=hosts, common_name=system, source="given"
        )
