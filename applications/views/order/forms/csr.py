"""The certificate request: a file, pasted text, or later."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _, gettext_lazy

from applications.views.shared.forms import VersionForm
from certportal.foundation.text.wording import filled
from certportal.foundation.web.file_or_text import FileOrText
from certportal.foundation.web.forms import UploadField, Words
from issuance.csr import MAX_BYTES, MOST_SEARCHED, plain_request

HOW = [
    ("file", gettext_lazy("I upload a file")),
    ("text", gettext_lazy("I paste the request as text")),
]
LATER = [
    ("technical_contact", gettext_lazy("The technical contact sends it after I have ordered")),
    ("applicant", gettext_lazy("I send it myself after I have ordered")),
]
FILE_TOO_BIG = filled(UploadField.default_error_messages["too_big"], limit=MAX_BYTES // 1024)
TEXT_TOO_LONG = filled(
    gettext_lazy("The text must be at most %(limit)s kB."), limit=MAX_BYTES // 1024
)


def request_file() -> UploadField:
    """Return the field for a certificate request as a file."""
    return UploadField(
        label=gettext_lazy("Certificate request as a file"),
        help_text=filled(
            gettext_lazy("PEM or DER, at most %(limit)s kB. The private key stays with you."),
            limit=MAX_BYTES // 1024,
        ),
        max_bytes=MOST_SEARCHED,  # larger than a request: the doctor first looks for private keys
        accept=".csr,.pem,.der,.p10,.req,.txt",
        required=False,
        error_messages={"too_big": FILE_TOO_BIG},
    )


def pasted_text(label: Words, help_text: Words = "") -> forms.CharField:
    """Return the field for a certificate request or the like, pasted as text."""
    attrs = {"spellcheck": "false", "autocomplete": "off", "autocapitalize": "none"}
    return forms.CharField(
        label=label,
        help_text=help_text or gettext_lazy("From the BEGIN line to the END line."),
        max_length=MAX_BYTES,
        widget=forms.Textarea(attrs={"rows": 6, **attrs}),
        required=False,
        strip=False,
        error_messages={"max_length": TEXT_TOO_LONG},
    )


class RequestForm(FileOrText):
    """A form with two ways of giving a certificate request."""

    examines = True

    def as_text(self, data: bytes) -> str:
        """Return a plain request as PEM.

        The file is not examined, because that takes long and is counted by the services that do so.
        """
        return plain_request(data)


class CsrForm(RequestForm, VersionForm):
    only_if: ClassVar = {"file": ("how", "file"), "text": ("how", "text")}

    how = forms.ChoiceField(
        label=gettext_lazy("How do you give the certificate request?"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose how you give the certificate request.")},
    )
    file = request_file()
    text = pasted_text(gettext_lazy("Certificate request as text"))

    def __init__(self, *args: Any, later: bool, **kwargs: Any) -> None:
        """Offer to send the request later only while the order is a draft."""
        super().__init__(*args, **kwargs)
        self.offer("how", HOW + (LATER if later else []))

    def is_examined(self, name: str) -> bool:
        """Return False too if the request comes later: then nothing given now is examined."""
        return super().is_examined(name) and self.cleaned_data.get("how") not in dict(LATER)

    def keep_file(self) -> bool:
        """Choose the text if the file is shown there."""
        if is_kept := super().keep_file():
            self.retype(how="text")
        return is_kept

    def clean(self) -> dict[str, Any]:
        """Require the chosen input; accept the other one if only that was given."""
        cleaned = self.cleaned_data
        how = cleaned.get("how")
        if how == "file" and not cleaned.get("file") and "file" not in self.errors:
            if cleaned.get("text"):
                cleaned["how"] = "text"
            else:
                self.add_error("file", _("Choose a file."))
        if how == "text" and not cleaned.get("text") and "text" not in self.errors:
            if cleaned.get("file"):
                cleaned["how"] = "file"
            else:
                self.add_error("text", _("Paste the certificate request."))
        if cleaned.get("how") == "text":
            cleaned["file"] = None
        return cleaned

    @property
    def later_by(self) -> str:
        """Who sends the request later; empty when it is given now."""
        how: str = self.cleaned_data["how"]
        return how if how in dict(LATER) else ""
