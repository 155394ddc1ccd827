"""Revocation by proof of possession of the private key, without login or cookie.

Responses depend only on the given key and signature, and so do not disclose which certificates
have been issued.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from applications.views.order.forms.csr import pasted_text
from certportal.foundation import clock
from certportal.foundation.errors import Refused, TooMany
from certportal.foundation.web import limits
from certportal.foundation.web.addresses import address_of
from certportal.foundation.web.file_or_text import FileOrTextForm
from certportal.foundation.web.forms import UploadField
from issuance import services as authority
from issuance.csr.possession import MAX_BYTES
from issuance.models import KeyChallenge
from issuance.services.exposed_keys import revoke_by_key

SIGN = "openssl dgst -sha256 -sign key.pem -out signature.bin line.txt"
PRINT = "openssl base64 -in signature.bin"
REQUEST = "openssl req -new -key key.pem -subj /CN={token}"


# Without a session no CSRF token (and so no cookie) is needed; `OwnPagesOnly` refuses other sites.
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


@csrf_exempt
@never_cache
def begin(request: HttpRequest) -> HttpResponse:
    """Ask for the key and redirect to the challenge, the line to sign."""
    form = KeyForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            asked = authority.challenge(
                form.data_given(), address=address_of(request), now=clock.now()
            )
        except revoke_by_key.PrivateKeyShown as shown:
            return _key_shown(request, shown)
        except revoke_by_key.NoKeyFound as refusal:
            _complain(form, refusal)
        except TooMany as refusal:
            form.refuse(refusal)
            return limits.too_many(
                render(request, "pages/revoke_by_key.html", {"form": form}), refusal
            )
        else:
            return redirect("revoke_by_key_sign", asked.token)
    return render(request, "pages/revoke_by_key.html", {"form": form})


@csrf_exempt
@never_cache
def sign(request: HttpRequest, token: str) -> HttpResponse:
    """Show the line to sign, with commands, and accept the signature."""
    form, now = ProofForm(request.POST or None, request.FILES or None), clock.now()
    try:
        asked = authority.open_challenge(token, now=now)
        if request.method == "POST" and form.is_valid():
            authority.prove(token, form.data_given(), address=address_of(request), now=now)
            return redirect("revoked_by_key")
    except revoke_by_key.PrivateKeyShown as shown:
        return _key_shown(request, shown)
    except revoke_by_key.ChallengeOver as refusal:
        context = {"form": KeyForm(), "over": str(refusal)}
        return render(request, "pages/revoke_by_key.html", context, status=refusal.status)
    except revoke_by_key.NotProven as refusal:
        _complain(form, refusal)
    except TooMany as refusal:
        form.refuse(refusal)
        page = render(request, "pages/revoke_by_key_sign.html", _context(asked, form))
        return limits.too_many(page, refusal)
    return render(request, "pages/revoke_by_key_sign.html", _context(asked, form))


@never_cache
@require_safe
def line(request: HttpRequest, token: str) -> HttpResponse:
    """Download the line as a file, so that no editor changes it. Raises ChallengeOver."""
    text = revoke_by_key.text_of(authority.open_challenge(token, now=clock.now()))
    response = HttpResponse(text, content_type="text/plain; charset=us-ascii")
    response["Content-Disposition"] = 'attachment; filename="line.txt"'
    return response


def _key_shown(request: HttpRequest, shown: revoke_by_key.PrivateKeyShown) -> HttpResponse:
    return render(request, "pages/key_shown.html", {"keys": shown.keys})


def _complain(form: FileOrTextForm, refusal: Refused) -> None:
    name = "file" if form.cleaned_data.get("file") else "text"
    form.add_error(name, str(refusal))


def _context(asked: KeyChallenge, form: ProofForm) -> dict[str, object]:
    text = revoke_by_key.text_of(asked)
    return {
        "form": form,
        "challenge": asked,
        "line": text,
        "commands": f"printf '%s' '{text}' > line.txt\n{SIGN}\n{PRINT}",
        "commands_with_file": f"{SIGN}\n{PRINT}",
        "request_command": REQUEST.format(token=asked.token),
    }
