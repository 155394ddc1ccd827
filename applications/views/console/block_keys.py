"""Block keys that were reported: give them, see what it would hit, and block them."""

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.core.validators import RegexValidator
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _, gettext_lazy, ngettext

from accounts import access
from applications import services
from applications.services.reviewer.block_keys import STATED, SourceMissing, orders_under_way
from applications.views.console.blocked_keys import SOURCES
from applications.views.order.forms.csr import pasted_text
from applications.views.shared.entry import by_person
from applications.views.shared.rows import certificate_rows
from certportal.foundation import clock
from certportal.foundation.text.wording import filled
from certportal.foundation.web.file_or_text import FileOrTextForm
from certportal.foundation.web.forms import Form, LongTextField, UploadField
from issuance import services as authority
from issuance.csr import MAX_BYTES
from issuance.services.errors import NotAHash
from issuance.services.exposed_keys.given_keys import LARGEST, NoKeyGiven, SeveralKeys
from issuance.services.exposed_keys.revoke_by_key import PrivateKeyShown

HASH = re.compile("[0-9a-f]{64}")
MOST = 50
"""The most certificates, and orders, that are named; the page says how many there are."""


class KeysForm(FileOrTextForm):
    """The keys: a list of hashes, or what has the public key in it."""

    examines = True
    nothing = gettext_lazy("Choose a file or paste the keys as text.")
    file = UploadField(
        label=gettext_lazy("Keys as a file"),
        help_text=filled(
            gettext_lazy(
                "SHA-256 hashes of public keys in hexadecimal, one on each line, or a certificate,"
                " a certificate request or a public key, PEM or DER. At most %(limit)s kB; an"
                " operator imports a longer list with the command block_keys."
            ),
            limit=LARGEST // 1024,
        ),
        max_bytes=LARGEST,
        required=False,
        error_messages={
            "too_big": gettext_lazy(
                "The file must be at most %(limit)d kB. Divide the list, or have an operator import"
                " it with the command block_keys."
            )
        },
    )
    text = pasted_text(
        gettext_lazy("Or paste the keys as text"),
        filled(
            gettext_lazy(
                "At most %(limit)s kB. Colons, spaces and capital letters do not matter, and what"
                " follows # on a line is not read."
            ),
            limit=MAX_BYTES // 1024,
        ),
    )

    def as_text(self, data: bytes) -> str:
        """Return the file as text if it fits into that field."""
        return super().as_text(data) if len(data) <= MAX_BYTES else ""


class BlockForm(Form):
    """The hashes, joined, since a form has at most 1,000 fields; why, and how that is known."""

    keys = forms.CharField(
        max_length=LARGEST,
        widget=forms.HiddenInput,
        validators=[RegexValidator(f"^(?:{HASH.pattern})+$")],
    )
    reason = forms.ChoiceField(
        label=gettext_lazy("Why the keys are blocked"),
        choices=[(reason, SOURCES[reason]) for reason in STATED],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose why the keys are blocked.")},
    )
    known_from = LongTextField(
        label=gettext_lazy("Where it is known from"),
        help_text=gettext_lazy(
            "For example the organisation that reported it and its case number, or the name and"
            " the day of the list. Name no persons: the text is kept for good."
        ),
        rows=2,
        max_length=300,
        missing=SourceMissing.message,
    )


@access.reviewer_required
def block(request: HttpRequest) -> HttpResponseBase:
    """Ask for the keys, show what blocking them would hit, and block them.

    The second factor must be recent to begin, and again to block (as when an application is
    rejected); what was written stays on the page.
    """
    if "keys" in request.POST:
        return _block(request)
    if request.method != "POST" and (leading := access.lead_to_reauthenticate(request)):
        return leading
    given = request.GET.get("key", "")
    form = KeysForm(
        request.POST or None,
        request.FILES or None,
        initial={"text": given if HASH.fullmatch(given) else ""},
    )
    if request.method != "POST" or not form.is_valid():
        return _ask(request, form)
    try:
        hashes = authority.given_keys(form.data_given(), **access.acting(request))
    except PrivateKeyShown as shown:
        return _ask(request, KeysForm(), leaked=shown)
    except (NotAHash, NoKeyGiven, SeveralKeys) as refusal:
        form.refuse(refusal)
        return _ask(request, form)
    return _preview(request, hashes, BlockForm(initial={"keys": "".join(hashes)}))


def _block(request: HttpRequest) -> HttpResponseBase:
    form, now = BlockForm(request.POST), clock.now()
    is_filled_in = form.is_valid()
    if "keys" in form.errors:
        return _ask(request, KeysForm())
    hashes = HASH.findall(form.cleaned_data["keys"])
    late = now - access.second_factor_at(request) > access.SECOND_FACTOR_LASTS
    if late or not is_filled_in:
        return _preview(request, hashes, form, must_confirm=late)
    stated = {name: form.cleaned_data[name] for name in ("reason", "known_from")}
    new = services.block_keys(hashes, **stated, **by_person(request))
    messages.success(request, _done(new, len(authority.hit_by(hashes, now=now))))
    return redirect("console:blocked_keys")


def _done(new: int, hit: int) -> str:
    """Return what was done, and how many certificates are to be revoked, in words."""
    done = ngettext("%(count)s key was blocked.", "%(count)s keys were blocked.", new)
    if not new:
        done = _("Nothing was blocked: each key was blocked already.")
    waits = ngettext(
        "%(count)s certificate in force has such a key and waits to be revoked.",
        "%(count)s certificates in force have such keys and wait to be revoked.",
        hit,
    )
    if not hit:
        waits = _("No certificate in force has such a key.")
    return f"{done % {'count': new}} {waits % {'count': hit}}"


def _ask(
    request: HttpRequest, form: KeysForm, leaked: PrivateKeyShown | None = None
) -> HttpResponseBase:
    context = {"form": form, "leaked": leaked}
    return render(request, "applications/console/block_keys.html", context)


def _preview(
    request: HttpRequest, hashes: Sequence[str], form: BlockForm, *, must_confirm: bool = False
) -> HttpResponseBase:
    """Show what blocking the keys would hit; nothing has been blocked."""
    now, known = clock.now(), len(authority.blocked_among(hashes))
    hit, orders = authority.hit_by(hashes, now=now), orders_under_way(hashes)
    context: dict[str, Any] = {
        "form": form,
        "must_confirm": must_confirm,
        "only": hashes[0] if len(hashes) == 1 else "",
        "read": len(hashes),
        "new": len(hashes) - known,
        "known": known,
        "hit": len(hit),
        "certificates": certificate_rows(hit[:MOST], now=now),
        "under_way": len(orders),
        "orders": orders[:MOST],
    }
    return render(request, "applications/console/block_keys_preview.html", context)
