"""Forms for whoever holds a private key and wants its certificate revoked."""

from typing import Any, ClassVar

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from certportal.foundation.forms import Form, UploadField
from issuance.possession import MAX_BYTES

_PASTED = {"rows": 6, "spellcheck": "false", "autocomplete": "off", "autocapitalize": "none"}


class GivenForm(Form):
    """Something given as a file or as text, in one of the two ways."""

    nothing: ClassVar[Promise]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():  # one of them is needed, so neither is optional
            field.never_optional = True  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Ask for it in one of the two ways."""
        found = self.cleaned_data
        given = found.get("file") or (found.get("text") or "").strip()
        if not given and not {"file", "text"} & set(self.errors):
            self.add_error("file", str(self.nothing))
        return found

    def data_given(self) -> bytes:
        """Return the bytes of the file, or of the text if there is no file."""
        if file := self.cleaned_data.get("file"):
            content: bytes = file.read()
            return content
        text: str = self.cleaned_data["text"]
        return text.encode()


class KeyForm(GivenForm):
    """The certificate, or its public key or request: enough to know which key is meant."""

    nothing = _("Choose a file or paste the certificate.")
    file = UploadField(
        label=_("Certificate as a file"),
        help_text=_("The certificate, its public key or its certificate request: PEM or DER."),
        max_bytes=MAX_BYTES,
        required=False,
    )
    text = forms.CharField(
        label=_("Or paste the certificate as text"),
        help_text=_("From the BEGIN line to the END line."),
        max_length=MAX_BYTES,
        widget=forms.Textarea(attrs=_PASTED),
        required=False,
        strip=False,
        error_messages={"max_length": _("The text must be at most 64 kB.")},
    )


class ProofForm(GivenForm):
    """The signature over the line shown."""

    nothing = _("Paste the signature or choose a file.")
    text = forms.CharField(
        label=_("Signature as text"),
        help_text=_("What the last command printed, or the certificate request."),
        max_length=MAX_BYTES,
        widget=forms.Textarea(attrs=_PASTED),
        required=False,
        strip=False,
        error_messages={"max_length": _("The text must be at most 64 kB.")},
    )
    file = UploadField(
        label=_("Or the signature as a file"),
        help_text=_("The file signature.bin, or the certificate request."),
        max_bytes=MAX_BYTES,
        required=False,
    )
