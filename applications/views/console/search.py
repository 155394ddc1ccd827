"""The search of the console's bar: leads to what one number names, or lists what was found."""

from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts import access
from accounts.models import BusinessId
from accounts.register.identifiers import business_id
from accounts.register.lookup import queries
from accounts.register.lookup.search import units_named
from accounts.services.organisations.named import organisations_named
from applications.models import Application
from applications.rules import order_search
from applications.views.console.entry import looked_at
from applications.views.console.keys import HASH, csrs_of, sent_csrs
from applications.views.console.people import known
from applications.views.shared.certificate import plain_hash
from applications.views.shared.rows import standings
from applications.workflow import Status
from certportal.foundation import clock
from certportal.foundation.events import Subject
from certportal.foundation.text.private_keys_in_text import shows_private_key
from certportal.foundation.web.forms import LONGEST_SEARCH, PRIVATE_KEY
from issuance.models import BlockedKey, Certificate, EndedBlock, IssuingCA

MOST = 10
"""The most of each kind that the page lists."""


@access.reviewers_read
def search(request: HttpRequest) -> HttpResponseBase:
    """Lead to the page of the only thing that the typed number names, or list all that fits."""
    looked_at(request, Subject("list", "search"))
    typed = request.GET.get("q", "").replace("\0", "").strip()
    if shows_private_key(typed):
        messages.error(request, str(PRIVATE_KEY))
        typed = ""
    typed = typed[:LONGEST_SEARCH]
    if not typed:
        return render(request, "applications/console/search.html", {})
    exact = list(dict.fromkeys(_exact(typed)))
    if len(exact) == 1:
        return redirect(exact[0])
    found = order_search.find(typed)
    today = clock.day(clock.now())
    units = [
        *queries.search_intermediaries(typed, on=today, limit=MOST + 1),
        *units_named(typed, on=today, limit=MOST + 1),
    ]
    context: dict[str, Any] = {
        "typed": typed,
        "orders": _orders(found, typed),
        "units": units[:MOST],
        "more_units": len(units) > MOST,
        "accounts": organisations_named(typed).order_by("name", "pk")[:MOST],
        "people": known(typed)[:MOST],
    }
    return render(request, "applications/console/search.html", context)


def _exact(typed: str) -> Iterator[str]:
    """Yield the addresses of what has the typed text as its number or hash."""
    if code := business_id(typed):
        if account := BusinessId.holder(code):
            yield reverse("console:account", args=[account.pk])
        return
    if HASH.fullmatch(spki := plain_hash(typed)):
        if any(holds(spki) for holds in KEYS):
            yield reverse("console:key", args=[spki])
        issued = Certificate.objects.filter(sha256=spki)
        yield from _of_request(spki)
    else:
        # The index of serial numbers begins with the authority.
        authorities, serials = IssuingCA.objects.values("pk"), order_search.serials(typed)
        issued = Certificate.objects.filter(issuing_ca__in=authorities, serial__in=serials)
    for reference in issued.values_list("reference", flat=True):
        yield reverse("console:certificate", args=[reference])
    orders = Application.objects.exclude(status=Status.DRAFT).filter(number=typed.upper())
    for order in orders.values_list("pk", flat=True):
        yield reverse("console:case", args=[order])


def _of_request(sha256: str) -> Iterator[str]:
    """Yield the address of the order of a request; its key's if several orders have the request."""
    found = set(sent_csrs().filter(sha256=sha256).values_list("application", "spki_sha256"))
    alone = len(found) == 1
    for order, key in found:
        yield reverse("console:case", args=[order]) if alone else reverse("console:key", args=[key])


KEYS: tuple[Callable[[str], bool], ...] = (
    lambda spki: csrs_of(spki).exists(),
    lambda spki: Certificate.objects.filter(spki_sha256=spki).exists(),
    lambda spki: BlockedKey.objects.filter(spki_sha256=spki).exists(),
    lambda spki: EndedBlock.objects.filter(spki_sha256=spki).exists(),
)
"""Where a key may be known."""


def _orders(found: order_search.SearchResult, typed: str) -> list[dict[str, Any]]:
    """Return the first orders found, each with its state and what of it fits."""
    sent = Application.objects.exclude(status=Status.DRAFT).select_related("organisation")
    listed = list(sent.prefetch_related("host_names").filter(pk__in=found.orders[:MOST]))
    orders = {str(order.pk): order for order in listed}
    stand = standings(listed, now=clock.now())
    matched = order_search.matched(typed, order_search.entries(listed))
    return [
        {"order": order, "standing": stand[order.pk], "matched": matched.get(order.pk, [])}
        for order in map(orders.get, found.orders)
        if order is not None
    ]
