"""The page of a bulk order: its orders, their requests, the check before sending, the list."""

from collections import Counter
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import access
from accounts.identification.freshness import identified_at
from applications import services
from applications.access import bulk_orders_seen
from applications.errors import Changed, Gone, Incomplete
from applications.models import Application, BulkOrder
from applications.rules import declarations, sections
from applications.rules.certificate_names import unwritten
from applications.rules.systems import ForeignOid
from applications.services.applicant import submission
from applications.services.applicant.bulk_orders import (
    Busy,
    OrderRefused,
    drafts_of,
    fingerprint,
)
from applications.services.applicant.identified import IdentifyAgain, is_fresh
from applications.views.account.orders import head, line
from applications.views.bulk.forms import SendTogetherForm
from applications.views.order import next_step
from applications.views.order.submit import MARGIN
from applications.views.shared import spreadsheet, summary
from applications.views.shared.entry import bulk_view, by_person
from applications.views.shared.page import order_url
from applications.views.shared.requests_given import Line, RequestsForm, lines
from applications.views.shared.rows import OrderRow, order_rows
from applications.views.shared.summary import part_url
from applications.workflow import Status
from certportal.foundation import clock
from certportal.foundation.errors import Refused, TooMany
from certportal.foundation.reading import one_reading

TAKE_REQUESTS = frozenset({Status.DRAFT, Status.AWAITING_CSR})
COMMON = ("purpose", "validity", "contact", "delivery", "technical")
"""The parts that a bulk order asks once; each order may have been changed by itself since."""


@dataclass(frozen=True, slots=True)
class Sibling:
    """One of the orders: its line, what keeps a draft from being sent, and who has its request.

    `lacks` holds words and the address of the page on which it is mended; `contents`, where it is
    shown before sending, what the page does not say of all the orders together.
    """

    row: OrderRow
    lacks: list[tuple[str, str]]
    request: str
    contents: list[summary.Row]


@bulk_view
def bulk_order(request: HttpRequest, together: BulkOrder) -> HttpResponse:
    """Show the orders; take requests, and say what became of each file."""
    posted = request.method == "POST"
    form = RequestsForm(request.POST if posted else None, request.FILES if posted else None)
    told = list[Line]()
    if posted and form.is_valid():
        told = _give(request, together, form)
    return _page(request, together, form=form, lines=told)


def _give(request: HttpRequest, together: BulkOrder, form: RequestsForm) -> list[Line]:
    orders = [one for one in _orders(request, together) if one.status in TAKE_REQUESTS]
    if not (files := form.read()):
        return []
    try:
        given = services.give_requests(orders, files, about=together, **access.acting(request))
    except TooMany as refusal:
        form.add_error(None, str(refusal))
        return []
    return lines(
        given,
        order_url=order_url,
        preview_url=lambda order, key: reverse("applications:csr", args=[order.pk, key]),
    )


def _orders(request: HttpRequest, together: BulkOrder) -> list[Application]:
    seen = bulk_orders_seen(access.person_of(request), together)
    found = seen.select_related("organisation", "csr", "submission", "reviewer")
    return list(found.prefetch_related("host_names", "requests", "organisation__business_ids"))


@one_reading()
def _page(request: HttpRequest, together: BulkOrder, **more: Any) -> HttpResponse:
    orders, now = _orders(request, together), clock.now()
    rows = _siblings(orders, now)
    drafts = [one for one in orders if one.status == Status.DRAFT]
    context = {
        "together": together,
        "rows": rows,
        "kind": orders[0].kind,
        "states": Counter(one.row.label for one in rows).most_common(),
        "drafts": len(drafts),
        "lacking": sum(1 for one in rows if one.lacks),
        "takes_requests": any(one.status in TAKE_REQUESTS for one in orders),
    }
    return render(request, "applications/bulk/together.html", context | more)


def _siblings(
    orders: Sequence[Application], now: datetime, *, said: Container[str] | None = None
) -> list[Sibling]:
    """Return the orders; `said`: with their contents, but for the parts of these ids."""
    return [
        Sibling(
            row,
            list(_lacks(row.order, now)) if row.order.status == Status.DRAFT else [],
            summary.csr_words(row.order),
            [] if said is None else list(_contents(row.order, said, now)),
        )
        for row in order_rows(orders, now=now)
    ]


def _contents(draft: Application, said: Container[str], now: datetime) -> Iterator[summary.Row]:
    for section in sections.asked(draft, on=clock.day(now)):
        if section.id not in said:
            yield from summary.rows(draft, section.id, now=now)


def _lacks(draft: Application, now: datetime) -> Iterator[tuple[str, str]]:
    for obstacle in submission.obstacles(draft, now=now):
        if isinstance(obstacle, Incomplete):
            for part in obstacle.sections:
                yield str(sections.BY_ID[part].title), part_url(draft, part)
        else:
            place = "system" if isinstance(obstacle, ForeignOid) else "unit"
            yield str(obstacle), part_url(draft, place)
    if unwritten(draft, now):
        yield _("Names in the certificate"), next_step.names_url(draft)


@bulk_view
@require_safe
def bulk_order_csv(request: HttpRequest, together: BulkOrder) -> HttpResponseBase:
    """Hand out the orders as a file for a spreadsheet."""
    rows = order_rows(_orders(request, together), now=clock.now())
    return spreadsheet.answer("orders", head(), map(line, rows))


@bulk_view
def check_together(request: HttpRequest, together: BulkOrder) -> HttpResponse:
    """Show all drafts on one page before they are sent; a double click sends once."""
    drafts = list(drafts_of(together, access.person_of(request)))
    if not drafts:
        return redirect("applications:bulk_order", together.pk)
    form = SendTogetherForm(
        request.POST or None, asked=_declared(drafts), initial={"version": fingerprint(drafts)}
    )
    if request.method == "POST" and form.is_valid():
        return _send(request, together, form)
    return _check_page(request, together, drafts, form)


@bulk_view
def discard_together(request: HttpRequest, together: BulkOrder) -> HttpResponse:
    """Ask whether to delete all drafts, and delete them."""
    drafts = list(drafts_of(together, access.person_of(request)))
    form = SendTogetherForm(
        request.POST or None, asked=[], initial={"version": fingerprint(drafts)}
    )
    if not drafts:
        return redirect("applications:bulk_order", together.pk)
    if request.method == "POST" and form.is_valid():
        seen = form.cleaned_data["version"]
        try:
            services.discard_together(together.pk, seen=seen, **by_person(request))
        except Busy as busy:
            return _later(request, together, busy)
        messages.success(request, _("The drafts were deleted."))
        if bulk_orders_seen(access.person_of(request), together).exists():
            return redirect("applications:bulk_order", together.pk)
        return redirect("applications:orders")
    context = {"together": together, "form": form, "count": len(drafts)}
    return render(request, "applications/bulk/discard.html", context)


def _later(request: HttpRequest, together: BulkOrder, busy: Busy) -> HttpResponse:
    """Lead to the orders, which tell how they stand: most likely a second click waits here."""
    messages.warning(request, str(busy))
    return redirect("applications:bulk_order", together.pk)


def _declared(drafts: Sequence[Application]) -> list[str]:
    """Return the declarations that any of the orders needs."""
    needed = {name for one in drafts for name in declarations.asked(one)}
    return [name for name in declarations.DECLARATIONS if name in needed]


def _send(request: HttpRequest, together: BulkOrder, form: SendTogetherForm) -> HttpResponse:
    try:
        sent = services.submit_together(
            together.pk,
            seen=form.cleaned_data["version"],
            declarations=form.declared(),
            language=get_language() or "fi",
            identified_at=identified_at(request),
            edition=form.cleaned_data["edition"],
            **by_person(request),
        )
    except Gone as gone:
        raise Http404 from gone
    except Busy as busy:
        return _later(request, together, busy)
    except (Changed, OrderRefused, IdentifyAgain) as refusal:
        drafts = list(drafts_of(together, access.person_of(request)))
        if not drafts:
            return redirect("applications:bulk_order", together.pk)
        again = SendTogetherForm(
            None, asked=_declared(drafts), initial={"version": fingerprint(drafts)}
        )
        return _check_page(request, together, drafts, again, refusal)
    words = ngettext("%(count)d order was sent.", "%(count)d orders were sent.", len(sent))
    messages.success(request, words % {"count": len(sent)})
    return redirect("applications:bulk_order", together.pk)


def _check_page(
    request: HttpRequest,
    together: BulkOrder,
    drafts: Sequence[Application],
    form: SendTogetherForm,
    refusal: Refused | None = None,
) -> HttpResponse:
    now = clock.now()
    with one_reading():
        common = {section.id: said for section, said in _common(drafts, now)}
        rows = _siblings(drafts, now, said={"type"} | {id for id, said in common.items() if said})
        context = {
            "together": together,
            "form": form,
            "rows": rows,
            "kind": drafts[0].kind,
            "common": [(sections.BY_ID[id].title, said) for id, said in common.items()],
            "lacking": [one for one in rows if one.lacks],
            "must_identify": not is_fresh(identified_at(request), now=now + MARGIN),
            "refusal": refusal,
            "published": declarations.published_titles(),
        }
    status = refusal.status if refusal else 200
    return render(request, "applications/bulk/check.html", context, status=status)


def _common(
    drafts: Sequence[Application], now: datetime
) -> Iterator[tuple[sections.Section, list[summary.Row]]]:
    """Yield each part that was asked once, and what it says where all say the same."""
    for section in map(sections.BY_ID.__getitem__, COMMON):
        having = [one for one in drafts if section.has(one.kind)]
        said = [summary.rows(one, section.id, now=now) for one in having]
        if said:
            same = all(one == said[0] for one in said)
            yield section, said[0] if same else []
