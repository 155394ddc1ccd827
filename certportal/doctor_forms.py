"""The form of the public examination of certificate requests."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications.forms.csr import request_file, request_text
from certportal.foundation.forms import Form, LinesField, counted
from issuance.csr import ExpectedNames

TYPES = [
    ("server", gettext_lazy("Server certificate")),
    ("system_signature", gettext_lazy("System signature certificate")),
]


class DoctorForm(Form):
    """A request as file or text, what it is for, and names for the commands that mend it."""

    type = forms.ChoiceField(
        label=gettext_lazy("What certificate is the request for?"),
        choices=TYPES,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose what certificate the request is for.")},
    )
    file = request_file()
    text = request_text(gettext_lazy("Or paste the certificate request as text"))
    organisation = counted(
        forms.CharField(
            label=gettext_lazy("Name of the organisation"),
            help_text=gettext_lazy("We write it into the commands that make a right request."),
            max_length=64,
            required=False,
            error_messages={
                "max_length": gettext_lazy("Shorten the name to at most 64 characters.")
            },
        ),
        most=64,
    )
    host_names = LinesField(
        label=gettext_lazy("Host names of the server"),
        help_text=gettext_lazy("One on each line. For a server certificate."),
        max_length=8000,
        required=False,
    )
    system_name = counted(
        forms.CharField(
            label=gettext_lazy("Name of the information system"),
            help_text=gettext_lazy("For a system signature certificate."),
            max_length=64,
            required=False,
            error_messages={
                "max_length": gettext_lazy("Shorten the name to at most 64 characters.")
            },
        ),
        most=64,
    )

    def clean(self) -> dict[str, Any]:
        """Ask for the request in one of the two ways."""
        found = self.cleaned_data
        given = found.get("file") or (found.get("text") or "").strip()
        if not given and not {"file", "text"} & set(self.errors):
            self.add_error("file", _("Choose a file or paste the certificate request."))
        return found

    @property
    def for_server(self) -> bool:
        """Whether the request is for a server certificate."""
        return bool(self.cleaned_data["type"] == "server")

    def data_given(self) -> bytes:
        """Return the bytes of the file, or of the text if there is no file."""
        if file := self.cleaned_data.get("file"):
            content: bytes = file.read()
            return content
        text: str = self.cleaned_data["text"]
        return text.encode()

    def names(self) -> ExpectedNames | None:
        """Return the names given, as far as they say what the certificate is for; else None."""
        given = self.cleaned_data
        hosts = tuple(given["host_names"]) if self.for_server else ()
        system = None if self.for_server else given["system_name"] or None
        if not given["organisation"] or not (hosts or system):
            return None
        return ExpectedNames(
            given["organisation"], dns_names=hosts, common_name=system, source="given"
        )
