"""Base classes of forms about an order, and of forms that filter lists; the field for a PDF."""

from datetime import date
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from applications.models import Application
from certportal.foundation.files.documents import MAX_BYTES, MAX_MEGABYTES, PDF, TooBig
from certportal.foundation.text.wording import filled
from certportal.foundation.web.forms import Form, KeyField, UploadField, Words


class PdfField(UploadField):
    """An uploaded PDF, which a service checks."""

    default_error_messages: ClassVar[dict[str, Words]] = {"too_big": TooBig.message}

    def __init__(self, **kwargs: Any) -> None:
        most = filled(_("At most %(limit)s MB."), limit=MAX_MEGABYTES)
        super().__init__(help_text=most, max_bytes=MAX_BYTES, accept=f".pdf,{PDF}", **kwargs)


class FilterForm(Form):
    """A form that filters a list; its fields are not labelled as optional."""

    never_optional = True


class VersionForm(Form):
    """The version of the order that the person saw."""

    version = KeyField()

    def values(self) -> dict[str, Any]:
        """Return the cleaned values to save, by field name."""
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}


class ShownField(forms.CharField):
    """The hidden mark of what the page showed, on which a decision rests; "" for nothing."""

    def __init__(self) -> None:
        super().__init__(required=False, max_length=64, widget=forms.HiddenInput)


class PartForm(VersionForm):
    """A part of the order: initial values are those saved, `values` returns those to save.

    `said`: messages about changes made by cleaning, to be shown once the part is saved.
    """

    def __init__(self, application: Application, *args: Any, today: date, **kwargs: Any) -> None:
        """Fill in the order's values; `today` is the present day in Finland, which limits dates."""
        self.application = application
        self.today = today
        self.said: list[str] = []
        saved = self.saved() | {"version": application.version}
        super().__init__(*args, initial=saved, **kwargs)

    def saved(self) -> dict[str, Any]:
        names = [name for name in self.base_fields if hasattr(self.application, name)]
        return {name: getattr(self.application, name) for name in names if name != "version"}
