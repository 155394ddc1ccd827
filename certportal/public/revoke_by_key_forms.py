"""Forms for revocation by proof of possession of the private key."""

from django.utils.translation import gettext_lazy as _

from applications.views.order.forms.csr import pasted_text
from certportal.foundation.web.forms import UploadField
from certportal.public.forms import FileOrTextForm
from issuance.csr.possession import MAX_BYTES


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
    text = pasted_text(_("Or paste the certificate as text"))


class ProofForm(FileOrTextForm):
    """The proof of possession: the signature of the line, or a CSR that contains it."""

    examines = True
    nothing = _("Paste the signature or choose a file.")
    text = pasted_text(
        _("Signature as text"), _("What the last command printed, or the certificate request.")
    )
    file = UploadField(
        label=_("Or the signature as a file"),
        help_text=_("The file signature.bin, or the certificate request."),
        max_bytes=MAX_BYTES,
        required=False,
    )
