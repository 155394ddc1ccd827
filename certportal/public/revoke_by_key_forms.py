"""Forms for revocation by proof of possession of the private key."""

from django import forms
from django.utils.translation import gettext_lazy as _

from applications.views.order.forms.csr import TEXT_TOO_LONG
from certportal.foundation.web.forms import UploadField
from certportal.public.forms import FileOrTextForm
from issuance.csr.possession import MAX_BYTES

_PASTED = {"rows": 6, "spellcheck": "false", "autocomplete": "off", "autocapitalize": "none"}


class KeyForm(FileOrTextForm):
    """A certificate, public key or CSR, to identify the key."""

    examines = True  # a certificate with a private key given here is to be revoked
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
        error_messages={"max_length": TEXT_TOO_LONG},
    )


class ProofForm(FileOrTextForm):
    """The proof of possession: the signature of the line, or a CSR that contains it."""

    examines = True
    nothing = _("Paste the signature or choose a file.")
    text = forms.CharField(
        label=_("Signature as text"),
        help_text=_("What the last command printed, or the certificate request."),
        max_length=MAX_BYTES,
        widget=forms.Textarea(attrs=_PASTED),
        required=False,
        strip=False,
        error_messages={"max_length": TEXT_TOO_LONG},
    )
    file = UploadField(
        label=_("Or the signature as a file"),
        help_text=_("The file signature.bin, or the certificate request."),
        max_bytes=MAX_BYTES,
        required=False,
    )
