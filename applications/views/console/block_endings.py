"""End blocks that were recorded by mistake: one reviewer proposes it, another confirms."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _, gettext_lazy, ngettext

from accounts import access
from applications import services
from applications.services.reviewer.block_endings import (
    WhyMissing,
    preview_end,
    to_confirm_end,
    to_end,
)
from applications.services.reviewer.shown_prospect import mark_of
from applications.views.console.block_keys import MOST
from applications.views.console.blocked_keys import blocked_by
from applications.views.console.entry import confirm_again, confirmed_lately, looked_at, page_of
from applications.views.shared.entry import by_person
from applications.views.shared.forms import ShownField
from applications.views.shared.rows import certificate_rows
from certportal.foundation import clock
from certportal.foundation.database.combined_queries import first
from certportal.foundation.errors import Stale
from certportal.foundation.events import Subject
from certportal.foundation.text.wording import filled
from certportal.foundation.web.forms import Form, KeyField, LongTextField, Words
from issuance.models import BlockedKey, BlockEnding
from issuance.services.block_endings import NothingToEnd, endable

MOST_TOGETHER = 100_000
"""The most keys of a list that a page ends together: with these it takes some ten seconds."""


class ProposeForm(Form):
    """Why the block is a mistake, and whether that of the whole list is; the block shown."""

    block = KeyField()
    scope = forms.ChoiceField(
        label=gettext_lazy("Which blocks to end"), widget=forms.RadioSelect, initial="key"
    )
    words = LongTextField(
        label=gettext_lazy("Why the block is a mistake"),
        help_text=gettext_lazy("Name no persons: the text is kept for good."),
        missing=WhyMissing.message,
    )

    def __init__(self, *args: Any, count: int, **kwargs: Any) -> None:
        """Offer the whole list if more than one of its keys may be ended (`count`)."""
        super().__init__(*args, **kwargs)
        several = gettext_lazy("All %(count)s keys that were blocked with it and can be freed")
        choices: list[tuple[str, Words]] = [("key", gettext_lazy("Only this key"))]
        choices += [("list", filled(several, count=count))] if count > 1 else []
        self.fields["scope"].choices = choices  # type: ignore[attr-defined]


class ConfirmForm(Form):
    """The mark of what the page showed."""

    shown = ShownField()


class DropForm(Form):
    """Why the proposal is not confirmed, or is taken back."""

    words = LongTextField(
        label=gettext_lazy("Why the keys stay blocked"),
        help_text=gettext_lazy("Name no persons: the text is kept for good."),
        missing=WhyMissing.message,
    )


def about(block: BlockedKey) -> QuerySet[BlockEnding]:
    """Return the proposals to end the block, the newest first."""
    of_it = Q(spki_sha256__in=["", block.spki_sha256], blocked_at=block.created_at)
    return BlockEnding.objects.filter(of_it).select_related("maker").order_by("-pk")


@access.reviewer_required
@confirmed_lately(gettext_lazy("End a block"), lambda _request, spki_sha256: spki_sha256)
def propose(request: HttpRequest, spki_sha256: str) -> HttpResponseBase:
    """Ask why the key's block is a mistake, and propose to end it."""
    block = get_object_or_404(BlockedKey, spki_sha256=spki_sha256)
    looked_at(request, Subject("key", spki_sha256))
    listed = BlockedKey.objects.filter(created_at=block.created_at, final_at=None).count()
    together = endable(block.created_at, "" if listed <= MOST_TOGETHER else spki_sha256)
    form = ProposeForm(request.POST or None, initial={"block": block.pk}, count=len(together))
    refusal = None
    if request.method == "POST" and form.is_valid():
        given = {"whole_list": form.cleaned_data["scope"] == "list"}
        given["words"] = form.cleaned_data["words"]
        try:
            if form.cleaned_data["block"] != block.pk:
                raise NothingToEnd
            services.propose_block_end(block.pk, **given, **by_person(request))
        except Stale as stale:
            form.retype(block=str(block.pk))
            refusal = stale
        else:
            messages.success(
                request, _("The end of the block was proposed. Another reviewer must confirm it.")
            )
            return redirect("console:key", spki_sha256)
    obstacles = list(to_end([spki_sha256], access.person_of(request), now=clock.now()))
    obstacles += [] if block in together else [NothingToEnd()]
    context = {"form": form, "obstacles": obstacles, "spki_sha256": spki_sha256}
    context["blocked"] = first(blocked_by([block]))
    return page_of(request, "end_block", context, refusal)


@access.reviewer_required
def ending(request: HttpRequest, ending_id: int) -> HttpResponseBase:
    """Show a proposal and what it frees; confirm it, or close it and leave the keys blocked."""
    shown = get_object_or_404(BlockEnding, pk=ending_id)
    looked_at(request, Subject("key", shown.spki_sha256 or "list"))
    drops = "words" in request.POST
    drop = DropForm(request.POST if drops else None)
    confirm = ConfirmForm(request.POST if request.method == "POST" and not drops else None)
    if request.method != "POST" or not (drop if drops else confirm).is_valid():
        return _show(request, shown, drop)
    if asking := confirm_again(request, gettext_lazy("End a block"), lambda: shown.spki_sha256):
        return asking
    try:
        if drops:
            services.drop_block_end(shown.pk, **drop.cleaned_data, **by_person(request))
            message = _("The proposal was closed. The keys stay blocked.")
        else:
            count = services.confirm_block_end(
                shown.pk, **confirm.cleaned_data, **by_person(request)
            )
            message = ngettext(
                "The block of %(count)s key was ended.",
                "The blocks of %(count)s keys were ended.",
                count,
            ) % {"count": count}
    except Stale as stale:
        shown.refresh_from_db()
        return _show(request, shown, drop, stale)
    messages.success(request, message)
    return redirect("console:block_ending", shown.pk)


def _show(
    request: HttpRequest, shown: BlockEnding, drop: DropForm, refusal: Stale | None = None
) -> HttpResponse:
    now, person = clock.now(), access.person_of(request)
    blocks = endable(shown.blocked_at, shown.spki_sha256) if shown.closed_at is None else []
    ended = list(shown.blocks.order_by("spki_sha256")[:MOST])
    freed = preview_end(blocks, now=now)
    to_confirm = list(to_confirm_end(shown, freed.keys, person, now=now))
    context: dict[str, Any] = {
        "ending": shown,
        "of": first(blocked_by((blocks or ended)[:1])),
        "count": len(blocks) or shown.blocks.count(),
        "keys": [one.spki_sha256 for one in (blocks or ended)[:MOST]],
        "hit": len(freed.certificates),
        "certificates": certificate_rows(freed.certificates[:MOST], now=now),
        "under_way": len(freed.orders),
        "orders": freed.orders[:MOST],
        "to_confirm": to_confirm if blocks else [NothingToEnd()],
        "to_drop": list(to_end(freed.keys, person, now=now)),
        "confirm": ConfirmForm(initial={"shown": mark_of(freed)}),
        "form": drop,
    }
    return page_of(request, "block_ending", context, refusal)
