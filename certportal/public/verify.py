"""The public check of event receipts: ``/fi/verify/``, without login or cookie."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from certportal.foundation import clock
from certportal.foundation.errors import TooMany
from certportal.foundation.event_log import wording
from certportal.foundation.event_log.log_keys import LogKey, check
from certportal.foundation.event_log.receipts import LARGEST, SUFFIX, BadReceipt, Receipt
from certportal.foundation.web import limits
from certportal.foundation.web.addresses import address_of
from certportal.foundation.web.file_or_text import FileOrTextForm
from certportal.foundation.web.forms import UploadField
from issuance.publication import repository

# More than the events of an order, whose receipts somebody may check one by one.
MOST = 60
PER = timedelta(minutes=10)


class ReceiptForm(FileOrTextForm):
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
    keys = repository.log_keys()
    form = ReceiptForm(request.POST or None, request.FILES or None)
    shown = {"key": keys[0].verifier, "former": list(map(wording.of_key, keys[1:]))} if keys else {}
    if request.method != "POST" or not keys or not form.is_valid():
        return render(request, "pages/verify.html", shown | {"form": form})
    try:
        given, address = form.data_given(), address_of(request)
        found = check_for_visitor(given, keys, address=address, now=clock.now())
    except TooMany as refusal:
        form.refuse(refusal)
        return limits.too_many(
            render(request, "pages/verify.html", shown | {"form": form}), refusal
        )
    return render(request, "pages/verified.html", found | shown)


def check_for_visitor(
    content: bytes, keys: Sequence[LogKey], *, address: str, now: datetime
) -> dict[str, Any]:
    """Check a receipt for an anonymous visitor; ``address`` is their network address.

    Raises TooMany after ``MOST`` receipts in ``PER`` from one address.
    """
    limits.spend_from("receipt", address, most=MOST, per=PER, now=now)
    try:
        receipt = Receipt.parse(content)
        policy = repository.witnesses()
        key, head = check(receipt, keys, policy)
        facts = [*wording.facts(receipt, head), (_("Key"), wording.of_key(key))]
        if policy is not None:
            facts += wording.signed_by(receipt, policy)
    except BadReceipt as error:
        return {"fault": wording.FAULTS[error.fault]}
    return {"facts": facts, "entry": receipt.entry.decode(errors="replace")}
