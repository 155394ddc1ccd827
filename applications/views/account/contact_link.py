"""The applicant manages the technical contact's link: resend, revoke, name another contact."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications import services
from applications.models import Application, ContactLink
from applications.rules import contact_links, possible_actions
from applications.views.order.forms.delivery import ContactForm
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


def links(application: Application, *, now: datetime) -> list[LinkRow]:
    """Return the newest link of each holder."""
    links = list(application.contact_links.all())
    living = [link for link in links if contact_links.is_valid(link, application, now=now)]
    used = {link.holder for link in living if link.bound_at is not None}
    rows = []
    for link in {link.holder: link for link in links}.values():
        state = _state(link, lives=link in living, used=link.holder in used)
        rows.append(LinkRow(link.get_holder_display(), link.email, link.made_at, state))
    return rows


def _state(link: ContactLink, *, lives: bool, used: bool) -> str:
    if link.not_mine_at is not None:
        return _("The recipient said that the order is not theirs")
    if not lives:
        return _("The link has ended")
    if used and link.bound_at is None:
        return _("The link is in use, and another browser has asked for a new one")
    return _("The link has been opened") if link.bound_at else _("The link has not been opened")


resend = order_button(
    services.resend_link,
    gettext_lazy("A new link was sent to the technical contact."),
    as_seen,
)
revoke = order_button(
    services.revoke_link,
    gettext_lazy("The technical contact's link has been ended."),
    as_seen,
)


@order_view
def rename(request: HttpRequest, application: Application) -> HttpResponse:
    """Name another technical contact while the request is awaited."""
    now, template = clock.now(), "rename_contact"
    possible_actions.require(Action.RENAME_CONTACT, application, Role.APPLICANT, now=now)
    form = ContactForm(application, request.POST or None, today=clock.day(now))
    if request.method != "POST" or not form.is_valid():
        return show(request, application, template, form=form)
    try:
        services.rename_contact(application.pk, form.values(), **as_seen(request))
    except (Stale, TooMany) as refusal:
        return stale.again(request, application, template, form, refusal)
    messages.success(request, _("A link was sent to the technical contact you named."))
    return redirect(order_url(application))
