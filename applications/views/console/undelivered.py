"""Mails and other work that were set aside: the list, and what to do with each."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts import access
from applications import services
from applications.mail import orders
from applications.models import Application
from applications.rules.undelivered import order_of, sent_to
from applications.services.reviewer.undelivered import to_correct
from certportal.foundation import clock
from certportal.foundation.mail.mails import Asked
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import set_aside
from certportal.foundation.outbox.outbox import mark_in
from certportal.foundation.web.forms import EmailField, Form

KINDS: dict[str, Promise] = {
    "application.mailbox_code": gettext_lazy("The code that proves the mailbox to be certified"),
    "ceremony.recorded": gettext_lazy("The record of a key ceremony as a PDF"),
    "mail.undelivered": gettext_lazy("The notice to an order’s sender that a mail did not arrive"),
    "paper.made": gettext_lazy("The seal on a receipt or decision"),
    "paper.sealed": gettext_lazy("The sealed receipt or decision of an order"),
    "paper.wanted": gettext_lazy("The receipt or decision of an order as a PDF"),
    "person.mail": gettext_lazy("A mail about an account or a login"),
    "reviewer.mail": gettext_lazy("A mail to a reviewer"),
    "feedback.given": gettext_lazy("Feedback on the service"),
}


AGAIN, CORRECT, GIVE_UP = "again", "correct", "give_up"
CHOICES = [
    (AGAIN, _("Try again as it is")),
    (CORRECT, _("Correct the address and send again")),
    (GIVE_UP, _("Give up")),
]


class UndeliveredForm(Form):
    """One choice, and the address or the reason it asks for."""

    never_optional = True
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
        """Offer to correct the address only where it is the order's own."""
        super().__init__(*args, **kwargs)
        choice = self.fields["act"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [one for one in CHOICES if correctable or one[0] != CORRECT]
        if not correctable:
            del self.fields["address"]

    def clean(self) -> dict[str, Any]:
        """Ask for what the choice needs."""
        found = self.cleaned_data
        act = found.get("act")
        if act == CORRECT and not found.get("address") and "address" not in self.errors:
            self.add_error("address", _("Enter the right email address."))
        if act == GIVE_UP and not found.get("reason"):
            self.add_error("reason", _("Write why it is given up."))
        return found


@dataclass(frozen=True, slots=True)
class Row:
    """One piece of work: what it is, to whom, why it did not go, and the order it is about."""

    item: OutboxItem
    what: str
    address: str
    why: str
    order: Application | None


@access.reviewer_required
@require_safe
def undelivered(request: HttpRequest) -> HttpResponseBase:
    """Show everything that is set aside, the oldest first."""
    rows = [row(item) for item in set_aside.items()]
    return render(request, "applications/console/undelivered.html", {"rows": rows})


@access.reviewer_required
def settle(request: HttpRequest, item_id: UUID) -> HttpResponseBase:
    """Show one piece of work and do with it what the reviewer chooses."""
    item = set_aside.items().filter(pk=item_id).first()
    if item is None and request.method != "POST":
        raise Http404
    shown = row(item) if item else None
    person, now = access.person_of(request), clock.now()
    obstacles = list(to_correct(item, shown.order, person, now=now)) if item and shown else []
    form = UndeliveredForm(request.POST or None, correctable=bool(shown) and not obstacles)
    if shown is not None and not form.is_valid():
        context = {"row": shown, "form": form, "obstacles": obstacles}
        return render(request, "applications/console/undelivered_one.html", context)
    return _do(request, item_id, form)


def _do(request: HttpRequest, item_id: UUID, form: UndeliveredForm) -> HttpResponse:
    by = access.acting(request)
    act = form.cleaned_data["act"] if form.is_valid() else ""
    if act == CORRECT:
        person, address = access.person_of(request), form.cleaned_data["address"]
        services.send_corrected(item_id, address, person=person, **by)
    elif act == GIVE_UP:
        set_aside.give_up(item_id, form.cleaned_data["reason"], **by)
    else:
        set_aside.take_up(item_id, **by)
    said = _("It was given up.") if act == GIVE_UP else _("It is being tried again.")
    messages.success(request, said)
    return redirect("console:undelivered")


def row(item: OutboxItem) -> Row:
    """Return the work in words."""
    order = order_of(item)
    address = sent_to(item, order) if order else ""
    return Row(item, _what(item, order), address, _why(item), order)


def _what(item: OutboxItem, order: Application | None) -> str:
    """Return the mail's subject, as its reader was to see it; for other work its kind."""
    notice = item.payload.get("notice", "")
    if order is not None and notice in orders.MAILS:
        asked = Asked(item.payload, item.created_at)
        return orders.subject(notice, order, asked)
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
