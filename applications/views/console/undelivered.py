"""Outbox items that were set aside, such as undelivered mails: the list, and settling each."""

from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import access
from accounts.page_reading import read_once
from applications import services
from applications.documents.certificate_files import certificate_of
from applications.mail import orders
from applications.models import Application
from applications.rules.mail_choices import know_readers
from applications.rules.told_together import orders_told
from applications.rules.undelivered import order_of, order_of_each, recipient_of, sent_to
from applications.services.reviewer.undelivered import to_correct
from applications.views.console.entry import looked_at_case
from applications.views.shared.entry import by_person
from certportal.foundation import clock
from certportal.foundation.mail.mails import Asked
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import set_aside
from certportal.foundation.outbox.outbox import mark_in
from certportal.foundation.web.forms import EmailField, Form

KINDS: dict[str, Promise] = {
    "application.mailbox_code": _("The code that proves the mailbox to be certified"),
    "ceremony.recorded": _("The record of a key ceremony as a PDF"),
    "mail.undelivered": _("The notice to an order’s sender that an email did not arrive"),
    "paper.made": _("The seal on a receipt or decision"),
    "paper.sealed": _("The sealed receipt or decision of an order"),
    "paper.wanted": _("The receipt or decision of an order as a PDF"),
    "person.mail": _("An email about an account or a login"),
    "reviewer.mail": _("An email to a reviewer"),
    "feedback.given": _("Feedback on the service"),
}

PER_PAGE = 50
"""A domain that takes no mail may bring thousands; each row renders the subject of its mail."""

AGAIN, CORRECT, GIVE_UP = "again", "correct", "give_up"
CHOICES = [
    (AGAIN, _("Try again as it is")),
    (CORRECT, _("Correct the address and send again")),
    (GIVE_UP, _("Give up")),
]


class UndeliveredForm(Form):
    never_optional = True
    only_if: ClassVar = {"address": ("act", CORRECT), "reason": ("act", GIVE_UP)}
    act = forms.ChoiceField(
        label=_("What do you do?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what you do.")},
    )
    address = EmailField(label=_("Right email address"), required=False)
    reason = forms.CharField(
        label=_("Why it is given up"),
        max_length=500,
        required=False,
        help_text=_("For example: told by telephone on 5.3.2027."),
    )

    def __init__(self, *args: Any, correctable: bool, **kwargs: Any) -> None:
        """Offer to correct the address only if that is possible (`undelivered.to_correct`)."""
        super().__init__(*args, **kwargs)
        self.offer("act", (pair for pair in CHOICES if correctable or pair[0] != CORRECT))
        if not correctable:
            del self.fields["address"]

    def clean(self) -> dict[str, Any]:
        """Require the address or reason that the choice needs."""
        cleaned = self.cleaned_data
        act = cleaned.get("act")
        if act == CORRECT and not cleaned.get("address") and "address" not in self.errors:
            self.add_error("address", _("Enter the right email address."))
        if act == GIVE_UP and not cleaned.get("reason"):
            self.add_error("reason", _("Write why it is given up."))
        return cleaned


@dataclass(frozen=True, slots=True)
class Row:
    """An item in words: what it is, its address, why it failed, its order, how many others."""

    item: OutboxItem
    what: str
    address: str
    why: str
    order: Application | None
    others: int


@read_once
@access.reviewers_read
def undelivered(request: HttpRequest) -> HttpResponseBase:
    """Show the items that are set aside, oldest first."""
    page = Paginator(set_aside.items(), PER_PAGE).get_page(request.GET.get("page"))
    found = order_of_each(page)
    about = [(found[item.pk], item) for item in page if item.pk in found]
    know_readers((order, recipient_of(item, order)) for order, item in about)
    certificate_of.of_each((order,) for order, _item in about)
    context = {"page_obj": page, "rows": [row(item, found.get(item.pk)) for item in page]}
    return render(request, "applications/console/undelivered.html", context)


@access.reviewer_required
def settle(request: HttpRequest, item_id: UUID) -> HttpResponseBase:
    """Show an item, and do with it what the reviewer chooses."""
    item = set_aside.items().filter(pk=item_id).first()
    if item is None and request.method != "POST":
        raise Http404
    shown = row(item) if item else None
    if shown and shown.order:
        looked_at_case(request, shown.order)
    person, now = access.person_of(request), clock.now()
    obstacles = list(to_correct(item, shown.order, person, now=now)) if item and shown else []
    form = UndeliveredForm(request.POST or None, correctable=bool(shown) and not obstacles)
    if shown is not None and not form.is_valid():
        context = {"row": shown, "form": form, "obstacles": obstacles}
        return render(request, "applications/console/undelivered_one.html", context)
    return _do(request, item_id, form)


def _do(request: HttpRequest, item_id: UUID, form: UndeliveredForm) -> HttpResponse:
    act = form.cleaned_data["act"] if form.is_valid() else ""
    if act == CORRECT:
        services.send_corrected(item_id, form.cleaned_data["address"], **by_person(request))
    elif act == GIVE_UP:
        services.give_up(item_id, form.cleaned_data["reason"], **by_person(request))
    else:
        services.send_again(item_id, **by_person(request))
    message = _("It was given up.") if act == GIVE_UP else _("It is being tried again.")
    messages.success(request, message)
    return redirect("console:undelivered")


def row(item: OutboxItem, order: Application | None = None) -> Row:
    """Return the item in words; `order`: the first that it is about, if read."""
    order = order or order_of(item)
    address = sent_to(item, order) if order else ""
    others = max(len(orders_told(item.payload)) - 1, 0)
    return Row(item, _what(item, order), address, _why(item), order, others)


def _what(item: OutboxItem, order: Application | None) -> str:
    """Return the subject of a mail in its recipient's language; for other items the kind."""
    notice = item.payload.get("notice", "")
    if order is not None and notice in orders.MAILS:
        return orders.subject(notice, order, Asked(item.payload, item.created_at))
    return str(KINDS.get(item.topic, "")) or _("Work of the service: %(name)s") % {
        "name": item.topic
    }


def _why(item: OutboxItem) -> str:
    problem = item.problem.partition(" ")[0]
    if problem == "Undeliverable":
        return str(_("The mail server refused the mail or its recipient for good."))
    if problem == set_aside.BOUNCED:
        return _came_back(mark_in(item))
    if problem == "PutOff":
        return str(_("The recipient’s mailbox took no mail for days; it may be full."))
    return _("It failed after %(count)s tries: %(problem)s") % {
        "count": item.attempts,
        "problem": problem,
    }


def _came_back(status: str) -> str:
    if status:
        return _("The recipient’s mail server did not deliver it: it came back (%(status)s).") % {
            "status": status
        }
    return str(_("The recipient’s mail server did not deliver it: it came back."))
