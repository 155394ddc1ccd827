"""Mails and other work that were set aside: the list, and what to do with each."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access
from applications import notices, services
from applications.forms.undelivered import CORRECT, GIVE_UP, UndeliveredForm
from applications.models import Application
from applications.services.undelivered import address_field, order_of
from certportal.foundation import clock, set_aside
from certportal.foundation.models import OutboxItem

KINDS: dict[str, Promise] = {
    "application.mailbox_code": gettext_lazy("The code that proves the mailbox to be certified"),
    "person.mail": gettext_lazy("A mail about an account or a login"),
    "reviewer.mail": gettext_lazy("A mail to a reviewer"),
    "feedback.given": gettext_lazy("Feedback on the service"),
}


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
@require_http_methods(["GET", "HEAD", "POST"])
def settle(request: HttpRequest, item_id: UUID) -> HttpResponseBase:
    """Show one piece of work and do with it what the reviewer chooses."""
    item = set_aside.items().filter(pk=item_id).first()
    if item is None and request.method != "POST":
        raise Http404
    shown = row(item) if item else None
    correctable = bool(shown and shown.order and address_field(shown.item, shown.order))
    form = UndeliveredForm(request.POST or None, correctable=correctable)
    if shown is not None and not form.is_valid():
        context = {"row": shown, "form": form}
        return render(request, "applications/console/undelivered_one.html", context)
    return _do(request, item_id, form)


def _do(request: HttpRequest, item_id: UUID, form: UndeliveredForm) -> HttpResponse:
    actor, now = access.actor_of(request), clock.now()
    act = form.cleaned_data["act"] if form.is_valid() else ""
    if act == CORRECT:
        who = access.person_of(request)
        address = form.cleaned_data["address"]
        services.send_corrected(item_id, address, person=who, actor=actor, now=now)
    elif act == GIVE_UP:
        set_aside.give_up(item_id, form.cleaned_data["reason"], actor=actor, now=now)
    else:
        set_aside.take_up(item_id, actor=actor, now=now)
    said = _("It was given up.") if act == GIVE_UP else _("It is being tried again.")
    messages.success(request, said)
    return redirect("console:undelivered")


def row(item: OutboxItem) -> Row:
    """Return the work in words."""
    order = order_of(item)
    recipient = item.payload.get("recipient", "")
    address = notices.resolve(order, recipient)[0] if order and recipient else ""
    return Row(item, _what(item, order), address, _why(item), order)


def _what(item: OutboxItem, order: Application | None) -> str:
    """Return the mail's subject, as its reader was to see it; for other work its kind."""
    notice = item.payload.get("notice", "")
    if order is not None and notice in notices.NOTICES:
        facts = notices.facts(order)
        recipient = item.payload["recipient"]
        return notices.compose(notice, order, recipient, facts, now=item.created_at).subject
    return str(KINDS.get(item.topic, "")) or _("Work of the service: %(name)s") % {
        "name": item.topic
    }


def _why(item: OutboxItem) -> str:
    if item.problem == "Undeliverable":
        return _("The mail server refused the mail or its recipient for good.")
    return _("It failed after %(count)s tries: %(problem)s") % {
        "count": item.attempts,
        "problem": item.problem,
    }
