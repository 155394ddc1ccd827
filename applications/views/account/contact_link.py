"""The applicant manages the technical contact's link: resend, revoke, name another contact."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from applications import services
from applications.models import Application, ContactLink
from applications.rules import contact_links, possible_actions
from applications.views.order.forms.technical_contact import TechnicalContactForm
from applications.views.shared import stale
from applications.views.shared.buttons import order_button
from applications.views.shared.entry import as_seen, order_view
from applications.views.shared.page import order_url, show
from applications.workflow import Action, Role
from certportal.foundation import clock
from certportal.foundation.errors import Stale, TooMany


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A holder's newest link in words: role, address, when it was sent, and its state."""

    role: str
    who: str
    sent_at: datetime
    state: str


def shown(application: Application, *, now: datetime) -> dict[str, Any]:
    """Return the context about the links, and about how many each button sends or ends."""
    links = list(application.contact_links.all())
    living = [link for link in links if contact_links.is_valid(link, application, now=now)]
    used = {link.holder for link in living if link.bound_at is not None}
    rows = []
    for link in {link.holder: link for link in links}.values():
        state = _state(link, lives=link in living, used=link.holder in used)
        rows.append(LinkRow(link.get_holder_display(), link.email, link.made_at, state))
    return {
        "links": rows,
        "sends_both": bool(application.deputy_email),
        "ends_both": len(contact_links.valid_links(application, now=now)) > 1,
    }


def _state(link: ContactLink, *, lives: bool, used: bool) -> str:
    if link.not_mine_at is not None:
        return _("The recipient said that the order is not theirs")
    if not lives:
        return _("The link has ended")
    if used and link.bound_at is None:
        return _("The link is in use, and another browser has asked for a new one")
    return _("The link has been opened") if link.bound_at else _("The link has not been opened")


def _sent_words(application: Application) -> str:
    if application.deputy_email:
        return _("New links were sent to the technical contact and the technical deputy.")
    return _("A new link was sent to the technical contact.")


def _ended_words(application: Application) -> str:
    holders = [link.holder for link in contact_links.valid_links(application, now=clock.now())]
    if len(holders) > 1:
        return _("The links of the technical contact and the technical deputy have been ended.")
    if holders == [ContactLink.Holder.DEPUTY]:
        return _("The technical deputy's link has been ended.")
    return _("The technical contact's link has been ended.")


resend = order_button(services.resend_link, _sent_words, as_seen)
revoke = order_button(services.revoke_link, _ended_words, as_seen)


@order_view
def rename(request: HttpRequest, application: Application) -> HttpResponse:
    """Name another technical contact while the request is awaited."""
    now, template = clock.now(), "rename_contact"
    possible_actions.require(Action.RENAME_CONTACT, application, Role.APPLICANT, now=now)
    form = TechnicalContactForm(application, request.POST or None, today=clock.day(now))
    if request.method != "POST" or not form.is_valid():
        return show(request, application, template, form=form)
    try:
        renamed = services.rename_contact(application.pk, form.values(), **as_seen(request))
    except (Stale, TooMany) as refusal:
        return stale.again(request, application, template, form, refusal)
    messages.success(request, _sent_words(renamed))
    return redirect(order_url(application))
