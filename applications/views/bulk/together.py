"""The pages of a bulk order: its orders, their certificate requests, check and send, discard."""

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
from django.utils.translation import get_language, gettext as _, ngettext
from django.views.decorators.http import require_safe

from accounts import access
from accounts.identification.freshness import identified_at
from applications import services
from applications.access import bulk_orders_seen, orders_seen
from applications.errors import Changed, Gone, Incomplete
from applications.models import Application, BulkOrder
from applications.rules import declarations, renewal, sections
from applications.rules.certificate_names import unwritten
from applications.rules.systems import ForeignOid
from applications.services.applicant import contact_links, submission
from applications.services.applicant.bulk_orders import Busy, OrderRefused, drafts_of, fingerprint
from applications.services.applicant.contact_links import TooManyContacts
from applications.services.applicant.identified import IdentifyAgain, is_fresh
from applications.views.account.orders import COLUMNS
from applications.views.bulk.forms import SendTogetherForm
from applications.views.order import after_sending, next_step
from applications.views.order.submit import MARGIN
from applications.views.shared import spreadsheet, summary
from applications.views.shared.entry import bulk_view, by_person
from applications.views.shared.page import order_url
from applications.views.shared.requests_given import RequestsForm, shown
from applications.views.shared.rows import OrderRow, order_rows
from applications.views.shared.summary import part_url
from applications.workflow import OPEN_CASES, Status, promise
from certportal.foundation import clock
from certportal.foundation.database.query_cache import one_reading
from certportal.foundation.errors import Refused, TooMany
from certportal.foundation.web import limits

TAKE_REQUESTS = frozenset({Status.DRAFT, Status.AWAITING_CSR})
COMMON = ("purpose", "validity", "contact", "delivery", "technical")
"""The parts that a bulk order asks for once; single orders may have been changed since."""


@dataclass(frozen=True, slots=True)
class Sibling:
    """An order of the bulk order: its row, and in words the state of its certificate request.

    `lacks` has the reasons why a draft cannot be sent, with the URLs of pages to correct them;
    `contents` are its fields for the check page, without those shown once for all orders.
    """

    row: OrderRow
    lacks: list[tuple[str, str]]
    request: str
    contents: list[summary.Row]


@bulk_view
def bulk_order(request: HttpRequest, bulk: BulkOrder) -> HttpResponse:
    """Show the orders; accept certificate requests, and show the result for each file."""
    posted = request.method == "POST"
    form = RequestsForm(request.POST if posted else None, request.FILES if posted else None)
    try:
        given = _give(request, bulk, form) if posted and form.is_valid() else {}
    except TooMany as refusal:
        form.refuse(refusal)
        return limits.too_many(_page(request, bulk, form=form), refusal)
    return _page(request, bulk, form=form, **given)


def _give(request: HttpRequest, bulk: BulkOrder, form: RequestsForm) -> dict[str, Any]:
    """Return the context of the results; {} and a form error if none was read. Raises TooMany."""
    orders = [order for order in _orders(request, bulk) if order.status in TAKE_REQUESTS]
    if not (files := form.read()):
        return {}
    results = services.give_requests(orders, files, about=bulk, **access.acting(request))
    return shown(
        results,
        order_url=order_url,
        preview_url=lambda order, key: reverse("applications:csr", args=[order.pk, key]),
    )


def _orders(request: HttpRequest, bulk: BulkOrder) -> list[Application]:
    seen = bulk_orders_seen(access.person_of(request), bulk)
    related = seen.select_related("organisation", "csr", "submission", "reviewer")
    return list(related.prefetch_related("host_names", "requests", "organisation__business_ids"))


@one_reading()
def _page(request: HttpRequest, bulk: BulkOrder, **more: Any) -> HttpResponse:
    orders, now = _orders(request, bulk), clock.now()
    rows = _siblings(orders, now)
    drafts = [order for order in orders if order.status == Status.DRAFT]
    context = {
        "together": bulk,
        "rows": rows,
        "kind": orders[0].kind,
        "states": Counter(sibling.row.label for sibling in rows).most_common(),
        "drafts": len(drafts),
        "lacking": sum(1 for sibling in rows if sibling.lacks),
        "takes_requests": any(order.status in TAKE_REQUESTS for order in orders),
        **_follows(request, [order for order in orders if order.status in OPEN_CASES], now),
    }
    return render(request, "applications/bulk/together.html", context | more)


def _follows(
    request: HttpRequest, orders: Sequence[Application], now: datetime, *, sends: bool = False
) -> dict[str, Any]:
    """Return the context on how the open orders go on, or would if they were sent now (`sends`)."""
    person, today = access.person_of(request), clock.day(now)
    having = [order for order in orders if not sends or order.csr_id is not None]
    days = [promise.due_on(now) if sends else order.due_on for order in having]
    return {
        "right": after_sending.about_right(orders[0], person, today=today) if orders else "",
        "due_on": max((day for day in days if day is not None and day >= today), default=None),
        "waiting": any(order.csr_id is None for order in orders),
    }


def _siblings(
    orders: Sequence[Application], now: datetime, *, omitted: Container[str] | None = None
) -> list[Sibling]:
    """Return the orders; `omitted`: with their contents, except the parts with these ids."""
    return [
        Sibling(
            row,
            list(_lacks(row.order, now)) if row.order.status == Status.DRAFT else [],
            summary.csr_words(row.order),
            [] if omitted is None else list(_contents(row.order, omitted, now)),
        )
        for row in order_rows(orders, now=now)
    ]


def _contents(draft: Application, omitted: Container[str], now: datetime) -> Iterator[summary.Row]:
    for section in sections.asked(draft, on=clock.day(now)):
        if section.id not in omitted:
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
def bulk_order_csv(request: HttpRequest, bulk: BulkOrder) -> HttpResponseBase:
    rows = order_rows(_orders(request, bulk), now=clock.now())
    return spreadsheet.table("orders", COLUMNS, rows)


@bulk_view
def check_together(request: HttpRequest, bulk: BulkOrder) -> HttpResponse:
    """Show all drafts on one page before they are sent; a double click sends once."""
    drafts = list(drafts_of(bulk, access.person_of(request)))
    if not drafts:
        return redirect("applications:bulk_order", bulk.pk)
    form = SendTogetherForm(
        request.POST or None, asked=_declared(drafts), initial={"version": fingerprint(drafts)}
    )
    if request.method == "POST" and form.is_valid():
        return _send(request, bulk, form)
    return _check_page(request, bulk, drafts, form)


@bulk_view
def discard_together(request: HttpRequest, bulk: BulkOrder) -> HttpResponse:
    """Ask for confirmation and delete all drafts."""
    drafts = list(drafts_of(bulk, access.person_of(request)))
    form = SendTogetherForm(
        request.POST or None, asked=[], initial={"version": fingerprint(drafts)}
    )
    if not drafts:
        return redirect("applications:bulk_order", bulk.pk)
    if request.method == "POST" and form.is_valid():
        seen = form.cleaned_data["version"]
        try:
            services.discard_together(bulk.pk, seen=seen, **by_person(request))
        except Busy as busy:
            return _later(request, bulk, busy)
        messages.success(request, _("The drafts were deleted."))
        if bulk_orders_seen(access.person_of(request), bulk).exists():
            return redirect("applications:bulk_order", bulk.pk)
        return redirect("applications:orders")
    context = {"together": bulk, "form": form, "count": len(drafts)}
    return render(request, "applications/bulk/discard.html", context)


def _later(request: HttpRequest, bulk: BulkOrder, busy: Busy) -> HttpResponse:
    """Redirect to the orders with a warning; most likely this is a second click."""
    messages.warning(request, str(busy))
    return redirect("applications:bulk_order", bulk.pk)


def _declared(drafts: Sequence[Application]) -> list[str]:
    """Return the declarations that any of the orders needs."""
    needed = {name for draft in drafts for name in declarations.asked(draft)}
    return [name for name in declarations.DECLARATIONS if name in needed]


def _send(request: HttpRequest, bulk: BulkOrder, form: SendTogetherForm) -> HttpResponse:
    try:
        sent = services.submit_together(
            bulk.pk,
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
        return _later(request, bulk, busy)
    except (Changed, OrderRefused, IdentifyAgain, TooManyContacts, TooMany) as refusal:
        drafts = list(drafts_of(bulk, access.person_of(request)))
        if not drafts:
            return redirect("applications:bulk_order", bulk.pk)
        fresh = SendTogetherForm(
            None, asked=_declared(drafts), initial={"version": fingerprint(drafts)}
        )
        page = _check_page(request, bulk, drafts, fresh, refusal)
        return limits.too_many(page, refusal) if isinstance(refusal, TooMany) else page
    words = ngettext("%(count)d order was sent.", "%(count)d orders were sent.", len(sent))
    messages.success(request, words % {"count": len(sent)})
    return redirect("applications:bulk_order", bulk.pk)


def _check_page(
    request: HttpRequest,
    bulk: BulkOrder,
    drafts: Sequence[Application],
    form: SendTogetherForm,
    refusal: Refused | None = None,
) -> HttpResponse:
    now, actor = clock.now(), access.actor_of(request)
    unmailable = () if refusal else contact_links.obstacles(drafts, actor=actor, now=now)
    with one_reading():
        common = {section.id: shared for section, shared in _common(drafts, now)}
        omitted = {"type"} | {id for id, shared in common.items() if shared}
        rows = _siblings(drafts, now, omitted=omitted)
        context = {
            "together": bulk,
            "form": form,
            "rows": rows,
            "kind": drafts[0].kind,
            "common": [(sections.BY_ID[id].title, shared) for id, shared in common.items()],
            "lacking": [sibling for sibling in rows if sibling.lacks],
            "must_identify": not is_fresh(identified_at(request), now=now + MARGIN),
            "refusal": refusal,
            "unmailable": next(iter(unmailable), None),
            "under_way": _under_way(request, bulk, drafts),
            "published": declarations.published_titles(),
            **_follows(request, drafts, now, sends=True),
        }
    status = refusal.status if refusal else 200
    return render(request, "applications/bulk/check.html", context, status=status)


def _under_way(
    request: HttpRequest, bulk: BulkOrder, drafts: Sequence[Application]
) -> list[Application]:
    """Return the open orders for the same names as a draft, without those of the bulk order."""
    seen = orders_seen(access.person_of(request), drafts[0].organisation_id)
    others = seen.exclude(bulk_order=bulk).select_related("created_by")
    begun = renewal.begun_for(drafts, others, earlier=True)
    return list(dict.fromkeys(begun.values()))


def _common(
    drafts: Sequence[Application], now: datetime
) -> Iterator[tuple[sections.Section, list[summary.Row]]]:
    """Yield each common part, with its rows if they are the same in all drafts, else []."""
    for section in map(sections.BY_ID.__getitem__, COMMON):
        having = [draft for draft in drafts if section.has(draft.kind)]
        contents = [summary.rows(draft, section.id, now=now) for draft in having]
        if contents:
            is_same = all(rows == contents[0] for rows in contents)
            yield section, contents[0] if is_same else []
