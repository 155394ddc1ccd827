"""The certificate of conformity: its data, and the document itself."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _, gettext_lazy

from applications.models.certificate_types import ConformityClass
from applications.rules.conformity import document
from applications.views.shared.forms import PartForm, PdfField, VersionForm
from certportal.foundation.web.forms import DateField


class ConformityForm(PartForm):
    """The data of the document, and the PDF unless it is attached already."""

    conformity_system_name = forms.CharField(
        label=gettext_lazy("Name of the information system in the document"),
        max_length=120,
        error_messages={"required": gettext_lazy("Enter the name of the information system.")},
    )
    conformity_version = forms.CharField(
        label=gettext_lazy("Version of the information system"),
        max_length=60,
        error_messages={"required": gettext_lazy("Enter the version of the information system.")},
    )
    conformity_class = forms.ChoiceField(
        label=gettext_lazy("Class of the information system"),
        choices=ConformityClass.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose the class of the information system.")},
    )
    conformity_number = forms.CharField(
        label=gettext_lazy("Number of the certificate of conformity"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={
            "required": gettext_lazy("Enter the number of the certificate of conformity.")
        },
    )
    conformity_valid_until = DateField(label=gettext_lazy("Last day of validity"))
    file = PdfField(label=gettext_lazy("Certificate of conformity as a PDF"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Make the file optional if the document is attached already."""
        super().__init__(*args, **kwargs)
        self.attached = document(self.application)
        self.fields["file"].never_optional = self.attached is None  # type: ignore[attr-defined]

    def saved(self) -> dict[str, Any]:
        """Return the present values; the default of the system's name is the order's."""
        name = self.application.conformity_system_name or self.application.system_name
        return super().saved() | {"conformity_system_name": name}

    def values(self) -> dict[str, Any]:
        return {name: value for name, value in super().values().items() if name != "file"}

    def clean_conformity_valid_until(self) -> Any:
        day = self.cleaned_data["conformity_valid_until"]
        if day < self.today:
            raise ValidationError(_("Attach a certificate of conformity that is in force."))
        return day

    def clean_file(self) -> Any:
        upload = self.cleaned_data["file"]
        if not upload and self.attached is None:
            raise ValidationError(_("Choose a file."))
        return upload


class DocumentForm(VersionForm):
    """A PDF to be sent to the reviewer with the answer."""

    file = PdfField(label=gettext_lazy("Document as a PDF"))
