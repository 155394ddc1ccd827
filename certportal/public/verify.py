"""The public check of event receipts: ``/fi/verify/``, without login or cookie."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from certportal.foundation.event_log import wording
from certportal.foundation.event_log.notes import Verifier
from certportal.foundation.event_log.receipts import LARGEST, SUFFIX, BadReceipt, Receipt
from certportal.foundation.web.forms import UploadField
from certportal.public.forms import FileOrTextForm
from issuance.publication import repository


class ReceiptForm(FileOrTextForm):
    """A receipt as a file, or its text."""

    nothing = _("Choose a file or paste the receipt.")
    file = UploadField(
        label=_("Event receipt as a file"),
        help_text=_("The file as you downloaded it."),
        max_bytes=LARGEST,
        accept=f"{SUFFIX},.txt",
        required=False,
    )
    text = forms.CharField(
        label=_("Or paste the receipt as text"),
        help_text=_("All lines, from the first to the last."),
        max_length=LARGEST,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "autocomplete": "off"}),
        required=False,
        strip=False,
    )


# Without a session no CSRF token (and so no cookie) is needed; `OwnPagesOnly` refuses other sites.
@csrf_exempt
@never_cache
def verify(request: HttpRequest) -> HttpResponse:
    """Show the form for a receipt, then what the receipt proves; nothing is stored."""
    key = repository.log_key()
    form = ReceiptForm(request.POST or None, request.FILES or None)
    if request.method != "POST" or key is None or not form.is_valid():
        return render(request, "pages/verify.html", {"form": form, "key": key})
    found = _checked(form.data_given(), key)
    return render(request, "pages/verified.html", found | {"key": key})


def _checked(content: bytes, key: Verifier) -> dict[str, Any]:
    try:
        receipt = Receipt.parse(content)
        head = receipt.check(key)
        facts = wording.facts(receipt, head)
        if (policy := repository.witnesses()) is not None:
            facts += wording.signed_by(receipt, policy)
    except BadReceipt as error:
        return {"fault": wording.FAULTS[error.fault]}
    return {"facts": facts, "entry": receipt.entry.decode(errors="replace")}
