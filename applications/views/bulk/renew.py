"""Begin orders that renew several certificates: choose them, and get a draft for each."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext as _, gettext_lazy, ngettext

from accounts import access
from applications import services
from applications.access import certificates_seen, orders_seen
from applications.models import Application, BulkOrder
from applications.models.certificate_types import CertificateType, Delivery
from applications.rules import renewable
from applications.services.applicant.bulk_orders import MOST_RENEWED, NotCopied
from applications.views.order.forms.parts import TEST_FLAG
from applications.views.shared.entry import applicant_view, by_person
from applications.views.shared.rows import CertificateRow, certificate_rows
from certportal.foundation import clock
from certportal.foundation.database.query_cache import one_reading
from certportal.foundation.errors import TooMany
from certportal.foundation.files.documents import NotStored
from certportal.foundation.web import limits
from certportal.foundation.web.forms import Form, HintedCheckboxes

GONE = gettext_lazy("Some of the certificates cannot be renewed here any more. Choose again.")


class RenewForm(Form):
    """The certificates of one type; ticked are those for which no order is under way."""

    orders = forms.MultipleChoiceField(
        widget=HintedCheckboxes,
        error_messages={
            "required": gettext_lazy("Choose at least one certificate."),
            "invalid_choice": GONE,
        },
    )

    def __init__(
        self, data: Any, kind: CertificateType, rows: Sequence[CertificateRow], begun: Any
    ) -> None:
        """Offer the certificates of `rows`; `begun` has the orders under way by that of the row."""
        super().__init__(data, auto_id=f"id_{kind.value}_%s")
        listed = [(row.order, row) for row in rows if row.order]
        field: Any = self.fields["orders"]
        self.kind = kind
        field.label = kind.label
        field.initial = [str(order.pk) for order, _row in listed if order.pk not in begun]
        field.widget.hints = {
            str(order.pk): _about(row, begun.get(order.pk)) for order, row in listed
        }
        if kind.is_test:
            field.widget.flags = {str(order.pk): TEST_FLAG for order, _row in listed}
        self.offer("orders", [(str(order.pk), order.called) for order, _row in listed])


def _about(row: CertificateRow, begun: Application | None) -> str:
    """Return the unit, the last day and what is under way, beside the name of the certificate."""
    values = {"day": date_format(row.ends, "SHORT_DATE_FORMAT")}
    values["ends"] = row.label or row.condition.label
    last = _("last day of validity %(day)s (%(ends)s)") % values
    words = [row.unit, row.order.number if row.order else "", last]
    if begun is not None:
        words.append(_("a new order is under way: %(number)s") % {"number": begun.number})
    return ", ".join(word for word in words if word)


@applicant_view
def renew_together(request: HttpRequest) -> HttpResponse:
    """List the certificates that end soon or just did; create a draft for each chosen one."""
    orders, made, more = _offered(request)
    for form in made:
        if form.is_bound and form.is_valid():
            chosen = set(form.cleaned_data["orders"])
            try:
                bulk = _renew(request, [order for order in orders if str(order.pk) in chosen])
            except TooMany as refusal:
                form.refuse(refusal)
                return limits.too_many(_page(request, made, more), refusal)
            except (NotCopied, NotStored) as refusal:
                form.refuse(refusal)
                return _page(request, made, more)
            return redirect("applications:bulk_order", bulk.pk)
    if request.method == "POST" and not any(form.is_bound for form in made):
        messages.error(request, GONE)  # of its type nothing is offered any more
    return _page(request, made, more)


@one_reading()
def _offered(request: HttpRequest) -> tuple[list[Application], list[RenewForm], bool]:
    """Return the orders, a form for each type among them, and whether there are more orders.

    The form that was sent is bound.
    """
    now, by = clock.now(), (access.person_of(request), access.organisation_of(request).pk)
    most = MOST_RENEWED + 1
    found = renewable.renewable(certificates_seen(*by), orders_seen(*by), most=most, now=now)
    shown, more = found[:MOST_RENEWED], len(found) > MOST_RENEWED
    orders = [order for order, _certificate, _begun in shown]
    rows = certificate_rows([one for _order, one, _begun in shown], now=now, among=orders)
    begun = {order.pk: other for order, _certificate, other in shown if other is not None}
    posted = request.POST if request.method == "POST" else None
    made = []
    for kind in renewable.TYPES:
        own = [row for row in rows if row.certificate.profile_id == kind]
        is_sent = posted is not None and posted.get("type") == kind
        if own:
            made.append(RenewForm(posted if is_sent else None, kind, own, begun))
    return orders, made, more


def _renew(request: HttpRequest, orders: Sequence[Application]) -> BulkOrder:
    bulk = services.renew_together(
        organisation=access.organisation_of(request),
        orders=orders,
        language=get_language() or "fi",
        **by_person(request),
    )
    messages.success(request, _what_next(orders) % {"count": len(orders)})
    return bulk


def _what_next(orders: Sequence[Application]) -> str:
    """Return in words what to do with the drafts that renew the orders."""
    if all(order.csr_by == Delivery.TECHNICAL_CONTACT for order in orders):
        return ngettext(
            "%(count)d draft was created. Check the order and send it. The technical contact then"
            " gives the certificate request.",
            "%(count)d drafts were created. Check the orders and send them. The technical contacts"
            " then give the certificate requests.",
            len(orders),
        )
    return ngettext(
        "%(count)d draft was created. Give its certificate request, made for a new key. Then check"
        " the order and send it.",
        "%(count)d drafts were created. Give their certificate requests, each made for a new key."
        " Then check the orders and send them.",
        len(orders),
    )


def _page(request: HttpRequest, made: Sequence[RenewForm], more: bool) -> HttpResponse:
    sent = next((form for form in made if form.is_bound), None)
    context = {"forms": made, "form": sent, "most": MOST_RENEWED, "more": more}
    return render(request, "applications/bulk/renew.html", context)
